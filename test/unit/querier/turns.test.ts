import { describe, expect, test } from "vitest";
import { createTurnScheduler, type QueryTurns } from "../../../server/querier/turns.ts";
import { createManualClock, type ManualClock } from "../../support/manual-clock.ts";

const nextRound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Works in steps of `stepMs` until it has done `steps`, and notes each turn it gets. */
async function work(
  turns: QueryTurns,
  clock: ManualClock,
  job: { name: string; steps: number; log: string[] },
): Promise<void> {
  for (let i = 0; i < job.steps; i++) {
    await turns.maybeYield();
    clock.advance(5);
    job.log.push(job.name);
  }
  turns.done();
}

describe("turns", () => {
  test("a turn is not given up before its time", async () => {
    const clock = createManualClock();
    const turns = createTurnScheduler(clock, 5).enter("t");
    expect(turns.maybeYield()).toBeUndefined();
    clock.advance(4.9);
    expect(turns.maybeYield()).toBeUndefined();
    clock.advance(0.1);
    await turns.maybeYield();
    expect(turns.usedMs()).toBe(5);
    expect(turns.maybeYield()).toBeUndefined();
  });

  test("a tenant with one query gets as much as one with three", async () => {
    const clock = createManualClock();
    const scheduler = createTurnScheduler(clock, 5);
    const log: string[] = [];
    const jobs = ["a1", "a2", "a3", "b"].map((name) =>
      work(scheduler.enter(name[0] as string), clock, { name, steps: 12, log }),
    );
    await Promise.all(jobs);
    const half = log.slice(0, 20).filter((name) => name === "b").length;
    expect(half).toBeGreaterThanOrEqual(8);
    expect(log.filter((name) => name === "a1")).toHaveLength(12);
  });

  test("within a tenant a fresh query overtakes one that has used more", async () => {
    const clock = createManualClock();
    const scheduler = createTurnScheduler(clock, 5);
    const log: string[] = [];
    const long = work(scheduler.enter("t"), clock, { name: "long", steps: 40, log });
    for (let i = 0; i < 20; i++) await nextRound();
    const done = log.length;
    expect(done).toBeGreaterThan(4);
    await work(scheduler.enter("t"), clock, { name: "short", steps: 3, log });
    expect(log.length - done).toBeLessThan(8);
    await long;
  });

  test("other work of the event loop runs between turns", async () => {
    const clock = createManualClock();
    const turns = createTurnScheduler(clock, 5).enter("t");
    let rounds = 0;
    let isOver = false;
    const count = async (): Promise<void> => {
      while (!isOver) {
        await nextRound();
        rounds++;
      }
    };
    const counting = count();
    await work(turns, clock, { name: "q", steps: 10, log: [] });
    isOver = true;
    await counting;
    expect(rounds).toBeGreaterThanOrEqual(8);
  });

  test("a tenant that comes later starts level: idleness is no credit", async () => {
    const clock = createManualClock();
    const scheduler = createTurnScheduler(clock, 5);
    const log: string[] = [];
    const old = work(scheduler.enter("old"), clock, { name: "old", steps: 60, log });
    for (let i = 0; i < 40; i++) await nextRound();
    const before = log.length;
    const late = work(scheduler.enter("new"), clock, { name: "new", steps: 20, log });
    await Promise.all([old, late]);
    const next = log.slice(before, before + 10);
    expect(next.filter((name) => name === "old").length).toBeGreaterThanOrEqual(4);
  });
});
