import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { watchSignals } from "../../../server/runtime/signals.ts";
import { createManualClock } from "../../support/manual-clock.ts";

test("the echo of a signal is the same wish, a later one is a second", () => {
  const events: string[] = [];
  const clock = createManualClock();
  const source = new EventEmitter();
  watchSignals(source, clock, {
    first: () => events.push("first"),
    second: () => events.push("second"),
  });
  source.emit("SIGINT");
  clock.advance(20);
  source.emit("SIGINT");
  expect(events).toEqual(["first"]);
  clock.advance(1000);
  source.emit("SIGTERM");
  expect(events).toEqual(["first", "second"]);
});
