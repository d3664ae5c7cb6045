import { describe, expect, test } from "vitest";
import { windowEnd } from "../../../server/shard/payload-window.ts";
import { encodePayload } from "../../support/kernel-payloads.ts";
import { manySeries } from "../../support/shard-world.ts";

describe("windows of a payload", () => {
  const payload = encodePayload(1, manySeries("up", 50, [1, 1]));

  test("end between entries, and cover everything", () => {
    const ends: number[] = [];
    for (let from = 0; from < payload.length; ) {
      const end = windowEnd(1, payload, { from, sizeBytesMax: 200 });
      expect(end).toBeGreaterThan(from);
      expect(end === payload.length || payload[end] === 0x0a).toBe(true);
      expect(end - from).toBeLessThanOrEqual(200);
      ends.push(end);
      from = end;
    }
    expect(ends.length).toBeGreaterThan(5);
  });

  test("an entry larger than a window stays whole, 2.0 too", () => {
    const end = windowEnd(1, payload, { from: 0, sizeBytesMax: 3 });
    expect(end).toBe((payload[1] ?? 0) + 2);
    const second = encodePayload(2, manySeries("up", 50, [1, 1]));
    expect(windowEnd(2, second, { from: 0, sizeBytesMax: 10 })).toBe(second.length);
  });

  test.each([
    ["a wrong wire type", [0x08, 1, 0x0a, 0]],
    ["a length beyond the end", [0x0a, 1, 0, 0x0a, 120, 0]],
    ["a varint without end", [0x0a, 1, 0, 0xff, 0xff, 0xff]],
  ])("what is malformed is left in one piece: %s", (_, bytes) => {
    const bad = Uint8Array.from(bytes);
    expect(windowEnd(1, bad, { from: 0, sizeBytesMax: 4 })).toBe(bad.length);
  });
});
