import { describe, expect, test } from "vitest";
import { runRealInput } from "./real-input.ts";
import { scenePrograms } from "./scene.ts";

const programs = scenePrograms();
const seed = Number(process.env["URD_SEED"] ?? Date.now() % 1_000_000);

describe.skipIf(programs === undefined)(`a real Prometheus, seed ${seed}`, () => {
  test("three minutes undisturbed: the same samples, the same answers", async () => {
    if (programs === undefined) return;
    const report = await runRealInput(programs, { durationMs: 180_000, kills: 0, flags: [], seed });
    console.log(JSON.stringify(report));
    expect(report.questions).toBe(60);
  }, 400_000);

  test("50 kills at random moments lose and double nothing", async () => {
    if (programs === undefined) return;
    const report = await runRealInput(programs, {
      durationMs: 180_000,
      kills: 50,
      flags: ["--ingester.snapshot-tail-size=1MiB"],
      changedFlags: ["--ingester.snapshot-tail-size=1MiB", "--ingester.shards=2"],
      seed,
    });
    console.log(JSON.stringify(report));
    expect(report.kills).toBe(50);
  }, 600_000);
});
