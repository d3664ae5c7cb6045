import { expect, test } from "vitest";
import { runRealInput } from "./real-input.ts";
import { scenePrograms } from "./scene.ts";

const programs = scenePrograms();
const seed = Number(process.env["URD_SEED"] ?? Date.now() % 1_000_000);

test.skipIf(programs === undefined)(
  `a real Prometheus writes native histograms over ten kills, seed ${seed}`,
  async () => {
    if (programs === undefined) return;
    const report = await runRealInput(programs, {
      durationMs: 60_000,
      kills: 10,
      flags: ["--ingester.snapshot-tail-size=1MiB"],
      changedFlags: ["--ingester.snapshot-tail-size=1MiB", "--ingester.shards=2"],
      nativeHistograms: true,
      seed,
    });
    console.log(JSON.stringify(report));
    expect(report.questions).toBe(86);
    expect(report.histogramAnswers).toBeGreaterThanOrEqual(10);
  },
  400_000,
);
