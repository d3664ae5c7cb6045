import { expect, test } from "vitest";
import { systemClock } from "../../../server/platform/base/index.ts";
import { silentLogger } from "../../../server/platform/telemetry/index.ts";
import { SupervisedThread } from "../../../server/runtime/thread-supervisor.ts";

interface Scene {
  readonly thread: SupervisedThread;
  readonly faults: (string | undefined)[];
  readonly events: string[];
  /** Resolves when the thread served `count` times. */
  served(count: number): Promise<void>;
}

function scene(mode: "good" | "broken" | "deaf"): Scene {
  const faults: (string | undefined)[] = [];
  const events: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const servings = (): number => events.filter((event) => event === "serving").length;
  const thread = new SupervisedThread({
    name: "test",
    entry: new URL("../../support/threads/obedient-thread.ts", import.meta.url),
    prepare: () => ({ workerData: { mode }, transfer: [] }),
    onServing: () => {
      events.push("serving");
      for (const one of waiting) if (one.count <= servings()) one.resolve();
    },
    onLost: () => events.push("lost"),
    onFault: (fault) => faults.push(fault),
    clock: systemClock,
    logger: silentLogger,
  });
  const served = (count: number): Promise<void> =>
    servings() >= count
      ? Promise.resolve()
      : new Promise((resolve) => waiting.push({ count, resolve }));
  return { thread, faults, events, served };
}

test("a thread that dies is reported and started again", async () => {
  const { thread, faults, events, served } = scene("good");
  await thread.start();
  thread.post({ kind: "die" });
  await served(2);
  expect(events).toEqual(["serving", "lost", "serving"]);
  expect(faults).toEqual([
    "warming up",
    undefined,
    "restarting after told to die",
    "warming up",
    undefined,
  ]);
  await thread.stop(5000);
  expect(events).toHaveLength(3);
});

test("what is sent before the first start arrives", async () => {
  const { thread, events, served } = scene("good");
  thread.post({ kind: "die" });
  await thread.start();
  await served(2);
  expect(events).toEqual(["serving", "lost", "serving"]);
  await thread.stop(5000);
});

test("a thread that cannot start at all is the caller's failure", async () => {
  await expect(scene("broken").thread.start()).rejects.toThrow("born broken");
});

test("a thread that does not end when asked is killed", async () => {
  const { thread } = scene("deaf");
  await thread.start();
  await thread.stop(50);
});
