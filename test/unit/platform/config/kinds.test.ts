import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatDurationMs,
  formatSizeBytes,
  parseDurationMs,
  parseSizeBytes,
} from "../../../../server/platform/config/index.ts";

test("durations add their parts up", () => {
  expect(parseDurationMs("1h30m")).toBe(5_400_000);
  expect(parseDurationMs("1.5s")).toBe(1500);
  expect(parseDurationMs("0")).toBe(0);
  for (const bad of ["", "5", "h", "1y", "-1s", "1 h"])
    expect(parseDurationMs(bad)).toBeUndefined();
});

test("sizes know decimal and binary units", () => {
  expect(parseSizeBytes("100MiB")).toBe(104_857_600);
  expect(parseSizeBytes("2GB")).toBe(2_000_000_000);
  expect(parseSizeBytes("17")).toBe(17);
  for (const bad of ["", "MiB", "-1B", "1mib"]) expect(parseSizeBytes(bad)).toBeUndefined();
});

test("what is written reads back as the same value", () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 40 }), (value) => {
      expect(parseDurationMs(formatDurationMs(value))).toBe(value);
      expect(parseSizeBytes(formatSizeBytes(value))).toBe(value);
    }),
  );
});
