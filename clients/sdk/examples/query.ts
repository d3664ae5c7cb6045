// Asks for one value per series, then reads a range frame by frame.
// Run: URD_URL=http://localhost:9009 node clients/sdk/examples/query.ts
import { createUrdClient, UrdClientError } from "../index.ts";

const client = createUrdClient({ baseUrl: process.env["URD_URL"] ?? "http://localhost:9009" });

const { series, warnings } = await client.queryInstant("sum(example_jobs_total)").collect();
console.log("now:", series[0]?.values[0] ?? "nothing", warnings);

const end = Date.now();
const stream = client.queryRange("rate(example_jobs_total[1m])", {
  start: end - 600_000,
  end,
  stepMs: 15_000,
  timeoutMs: 10_000,
});
for await (const frame of stream) {
  for (const { labels, timesMs, values } of frame.series) {
    console.log(labels["worker"], `${timesMs.length} steps, last`, values.at(-1));
  }
}

try {
  await client.queryInstant("sum(").collect();
} catch (error) {
  if (error instanceof UrdClientError) console.log("refused:", error.id, error.message);
}
client.close();
