import { expect, test } from "vitest";
import { runRealInput } from "./real-input.ts";
import { scenePrograms } from "./scene.ts";

const programs = scenePrograms();
const seed = Number(process.env["URD_SEED"] ?? Date.now() % 1_000_000);

test.skipIf(programs === undefined)(
  `one minute of a real Prometheus with 10 kills, seed ${seed}`,
  async () => {
    if (programs === undefined) return;
    const report = await runRealInput(programs, {
      durationMs: 60_000,
      kills: 10,
      flags: ["--ingester.snapshot-tail-size=1MiB"],
      changedFlags: ["--ingester.snapshot-tail-size=1MiB", "--ingester.shards=2"],
      seed,
    });
    console.log(JSON.stringify(report));
    expect(report.acknowledgedSamples).toBeGreaterThan(10_000);
  },
  240_000,
);
