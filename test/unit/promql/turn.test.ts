import { expect, test } from "vitest";
import { createTurnTaker } from "../../../server/promql/turn.ts";

test("gives the thread up when the turn is over, not before", async () => {
  let nowMs = 0;
  const never = { cancel: () => undefined };
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => never,
    every: () => never,
  };
  const turn = createTurnTaker(clock, 5);
  nowMs = 4;
  expect(turn.maybeYield()).toBeUndefined();
  nowMs = 5;
  let others = 0;
  setImmediate(() => others++);
  await turn.maybeYield();
  expect(others).toBe(1);
  expect(turn.maybeYield()).toBeUndefined();
});
