import { expect, test } from "vitest";
import { parseDurationMs, parseTimeMs } from "../../../server/gateway/time-format.ts";

test.each([
  ["0", 0],
  ["4", 4000],
  ["1.5", 1500],
  [".5", 500],
  ["5.", 5000],
  ["-1.5", -1500],
  ["1e3", 1_000_000],
  ["1672531200.1234", 1_672_531_200_123],
  ["1672531200.9996", 1_672_531_201_000],
  ["1700000000000", 1_700_000_000_000_000],
  ["2023-01-01T00:00:00Z", 1_672_531_200_000],
  ["2023-01-01T00:00:00.123456Z", 1_672_531_200_123],
  ["2023-01-01T00:00:00.9Z", 1_672_531_200_900],
  ["2023-01-01T00:00:00+01:00", 1_672_527_600_000],
  ["2023-01-01T00:00:00-00:30", 1_672_533_000_000],
  ["0001-01-01T00:00:00Z", -62_135_596_800_000],
  ["-292273086-05-16T16:47:06Z", -Number.MAX_SAFE_INTEGER],
  ["292277025-08-18T07:12:54.999999999Z", Number.MAX_SAFE_INTEGER],
  ["1e300", Number.MAX_SAFE_INTEGER],
])("%s is a time", (text, timeMs) => {
  expect(parseTimeMs(text)).toBe(timeMs);
});

test.each([
  "",
  "x",
  " 1",
  "0x10",
  "1e400",
  "NaN",
  "Inf",
  "2023-01-01",
  "2023-01-01T00:00:00",
  "2023-01-01t00:00:00z",
  "2023-02-30T00:00:00Z",
  "2023-13-01T00:00:00Z",
  "2023-01-01T24:00:00Z",
  "2023-01-01T00:60:00Z",
])("%j is no time", (text) => {
  expect(parseTimeMs(text)).toBeUndefined();
});

test.each([
  ["15", 15_000],
  ["0.29", 290],
  ["0.0001", 0],
  ["-1", -1000],
  ["0", 0],
  ["0s", 0],
  ["1ms", 1],
  ["1h30m", 5_400_000],
  ["1y1w", 32_140_800_000],
  ["5m30s10ms", 330_010],
])("%s is a duration", (text, durationMs) => {
  expect(parseDurationMs(text)).toBe(durationMs);
});

test.each([
  ["", 'cannot parse "" to a valid duration'],
  ["abc", 'cannot parse "abc" to a valid duration'],
  ["-1s", 'cannot parse "-1s" to a valid duration'],
  ["5s1m", 'cannot parse "5s1m" to a valid duration'],
  ["1.5h", 'cannot parse "1.5h" to a valid duration'],
  ["300y", 'cannot parse "300y" to a valid duration'],
  ["1e30", 'cannot parse "1e30" to a valid duration. It overflows int64'],
])("%j is none", (text, why) => {
  expect(parseDurationMs(text)).toBe(why);
});
