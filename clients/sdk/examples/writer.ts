// Writes many samples through a batching writer, over the Connect protocol.
// Run: URD_URL=http://localhost:9009 node clients/sdk/examples/writer.ts
import { createUrdClient } from "../index.ts";

const client = createUrdClient({
  baseUrl: process.env["URD_URL"] ?? "http://localhost:9009",
  transport: "connect",
});

let stored = 0;
const writer = client.writer({
  batchSamplesMax: 2_000,
  onOutcome: (outcome) => {
    if (outcome.kind === "judged") stored += outcome.samplesStored;
    else console.error(`a batch failed: ${outcome.error.message}`);
  },
});

const start = Date.now() - 600_000;
for (let worker = 0; worker < 10; worker++) {
  for (let step = 0; step < 600; step++) {
    // Waits while too much is pending, so memory stays bounded.
    await writer.add({
      labels: { __name__: "example_jobs_total", worker: String(worker) },
      samples: [{ timeMs: start + step * 1_000, value: step * (worker + 1) }],
    });
  }
}
await writer.close();

console.log(`stored ${stored} samples`);
client.close();
