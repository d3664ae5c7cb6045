// Writes one series and says what became of its samples.
// Run: URD_URL=http://localhost:9009 node clients/sdk/examples/write.ts
import { createUrdClient } from "../index.ts";

const client = createUrdClient({ baseUrl: process.env["URD_URL"] ?? "http://localhost:9009" });
const now = Date.now();

const outcome = await client.write([
  {
    labels: { __name__: "example_room_celsius", room: "lab" },
    samples: [
      { timeMs: now - 15_000, value: 21.25 },
      { timeMs: now, value: 21.5 },
    ],
    metadata: { type: "gauge", help: "Air temperature.", unit: "celsius" },
  },
]);

console.log(`stored ${outcome.samplesStored}, refused ${outcome.samplesRefused}`);
for (const { error, samples } of outcome.refused) {
  console.log(`${samples} refused: ${error.message} (${error.id}, ${error.series})`);
}
client.close();
