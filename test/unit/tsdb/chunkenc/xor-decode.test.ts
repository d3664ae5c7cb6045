import { expect, test } from "vitest";
import { CorruptionError } from "../../../../server/platform/base/index.ts";
import { createXorDecoder, encodeXor, makeColumns } from "../../../../server/tsdb/index.ts";

const everything = { startMs: -Infinity, endMs: Infinity };

function encode(rows: readonly (readonly [number, number])[]): Uint8Array {
  const columns = makeColumns(rows.length);
  for (const [timeMs, value] of rows) {
    columns.timesMs[columns.length] = timeMs;
    columns.values[columns.length++] = value;
  }
  return encodeXor(columns, 0, rows.length);
}

test("an empty chunk has no samples", () => {
  expect(createXorDecoder().decode(new Uint8Array(2), everything, makeColumns(1))).toBe(0);
});

test("the error tells the byte and leaves the columns as they were", () => {
  const chunk = encode([
    [1000, 1],
    [2000, 2],
    [3000, 5],
  ]);
  chunk[1] = 200;
  const into = makeColumns(4);
  into.length = 1;
  const decode = (): number => createXorDecoder().decode(chunk, everything, into);
  expect(decode).toThrow(CorruptionError);
  expect(decode).toThrow(/chunk at byte \d+: .*200 announced/);
  expect(into.length).toBe(1);
});

test("times that stand still are corruption", () => {
  const chunk = encode([
    [0, 1],
    [1, 1],
  ]);
  // Count, one byte of time, eight of value; then the delta.
  expect(chunk[11]).toBe(1);
  chunk[11] = 0;
  expect(() => createXorDecoder().decode(chunk, everything, makeColumns(2))).toThrow(/chunk/);
});

test("bytes longer than any chunk are refused before anything is reserved", () => {
  const into = makeColumns(1);
  const huge = new Uint8Array(3 * 1024 * 1024).fill(0xff);
  expect(() => createXorDecoder().decode(huge, everything, into)).toThrow(/longer/);
  expect(into.timesMs.length).toBe(1);
});
