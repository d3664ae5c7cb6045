import { describe, expect, test } from "vitest";
import { type Exemplar, ExemplarRing } from "../../../server/ingester/exemplar-ring.ts";

const labels = ["__name__", "m"];
const others = ["__name__", "n"];
const always = () => true;
const everything = { startMs: -Infinity, endMs: Infinity };

const at = (timeMs: number, value = 1, trace = "t"): Exemplar => ({
  ...{ timeMs, value, labels: ["trace_id", trace] },
});

const timesOf = (ring: ExemplarRing, range = everything): number[][] =>
  [...ring.find(always, range)].map(({ exemplars }) => exemplars.map(({ timeMs }) => timeMs));

describe("exemplars of a tenant", () => {
  test("the first to come is the first to go, whichever its series", () => {
    const ring = new ExemplarRing(3);
    ring.add(labels, at(1), 0);
    ring.add(others, at(5), 0);
    ring.add(labels, at(2), 0);
    expect(timesOf(ring)).toEqual([[1, 2], [5]]);
    ring.add(others, at(6), 0);
    expect(timesOf(ring)).toEqual([[2], [5, 6]]);
    ring.add(others, at(7), 0);
    ring.add(others, at(8), 0);
    expect(timesOf(ring)).toEqual([[6, 7, 8]]);
    expect(ring.size).toBe(3);
  });

  test("are kept once, in the order of time, value and labels", () => {
    const ring = new ExemplarRing(10);
    expect(ring.add(labels, at(2, 1), 0)).toBe("stored");
    expect(ring.add(labels, at(2, 1), 0)).toBe("duplicate");
    expect(ring.add(labels, at(2, 1, "u"), 0)).toBe("stored");
    expect(ring.add(labels, at(2, NaN), 0)).toBe("stored");
    expect(ring.add(labels, at(2, NaN), 0)).toBe("duplicate");
    expect(ring.add(labels, at(2, 0.5), 0)).toBe("stored");
    const [series] = ring.find(always, everything);
    expect(series?.exemplars.map(({ value, labels: own }) => [value, own[1]])).toEqual([
      [0.5, "t"],
      [1, "t"],
      [1, "u"],
      [NaN, "t"],
    ]);
  });

  test("out of order only within the window before the newest of the series", () => {
    const ring = new ExemplarRing(10);
    ring.add(labels, at(100), 50);
    expect(ring.add(labels, at(49), 50)).toBe("out-of-order");
    expect(ring.add(labels, at(50), 50)).toBe("stored");
    expect(ring.add(labels, at(99), 0)).toBe("out-of-order");
    expect(ring.add(others, at(1), 0)).toBe("stored");
    expect(timesOf(ring)).toEqual([[50, 100], [1]]);
  });

  test("labels of more than 128 characters are refused; a character counts once", () => {
    const ring = new ExemplarRing(10);
    const long = (length: number) => at(1, 1, "\u{1f600}".repeat(length - "trace_id".length));
    expect(ring.add(labels, long(129), 0)).toBe("labels-too-long");
    expect(ring.add(labels, long(128), 0)).toBe("stored");
  });

  test("long labels make the ring hold fewer", () => {
    const ring = new ExemplarRing(10);
    const long = (i: number) => ["__name__", "m", "path", String(i).repeat(2000)];
    for (let i = 1; i <= 9; i++) ring.add(long(i), at(i), 0);
    expect(timesOf(ring)).toEqual([[5], [6], [7], [8], [9]]);
    for (let i = 10; i <= 30; i++) ring.add(labels, at(i), 0);
    expect(timesOf(ring)).toEqual([[21, 22, 23, 24, 25, 26, 27, 28, 29, 30]]);
  });

  test("are found by range and series", () => {
    const ring = new ExemplarRing(10);
    for (const timeMs of [1, 2, 3]) ring.add(labels, at(timeMs), 0);
    ring.add(others, at(2), 0);
    expect(timesOf(ring, { startMs: 2, endMs: 2 })).toEqual([[2], [2]]);
    expect(timesOf(ring, { startMs: 3, endMs: 9 })).toEqual([[3]]);
    expect(timesOf(ring, { startMs: 4, endMs: 9 })).toEqual([]);
    expect([...ring.find((found) => found === others, everything)]).toHaveLength(1);
  });

  test("a smaller ring drops what came first, a larger one takes more", () => {
    const ring = new ExemplarRing(3);
    for (const timeMs of [1, 2, 3, 4]) ring.add(labels, at(timeMs), 0);
    ring.resize(2);
    expect(timesOf(ring)).toEqual([[3, 4]]);
    ring.add(labels, at(5), 0);
    expect(timesOf(ring)).toEqual([[4, 5]]);
    ring.resize(4);
    for (const timeMs of [6, 7, 8]) ring.add(labels, at(timeMs), 0);
    expect(timesOf(ring)).toEqual([[5, 6, 7, 8]]);
    ring.resize(0);
    expect(ring.add(labels, at(9), 0)).toBe("out-of-order");
    expect(timesOf(ring)).toEqual([]);
  });
});
