import { expect, test } from "vitest";
import {
  badVarint,
  int64SizeBytes,
  readInt64,
  readUvarint,
  uvarintSizeBytes,
  writeInt64,
  writeUvarint,
} from "../../../../server/platform/encoding/index.ts";

const edges = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53];

test("unsigned numbers come back, at the size foretold", () => {
  for (const value of edges) {
    const bytes = new Uint8Array(12);
    expect(writeUvarint(bytes, 1, value)).toBe(1 + uvarintSizeBytes(value));
    const cursor = { bytes, position: 1, end: 12 };
    expect(readUvarint(cursor)).toBe(value);
    expect(cursor.position).toBe(1 + uvarintSizeBytes(value));
  }
});

test("signed numbers come back, negative ones in ten bytes", () => {
  for (const value of edges.flatMap((edge) => (edge === 0 ? [0] : [edge, -edge]))) {
    const bytes = new Uint8Array(12);
    const size = writeInt64(bytes, 0, value);
    expect(size).toBe(int64SizeBytes(value));
    expect(size === 10).toBe(value < 0);
    expect(readInt64({ bytes, position: 0, end: size })).toBe(value);
    expect(readInt64({ bytes, position: 0, end: size - 1 })).toBeUndefined();
  }
});

test("a varint that does not end is told", () => {
  const bytes = new Uint8Array(12).fill(0xff);
  expect(readUvarint({ bytes, position: 0, end: 12 })).toBe(badVarint);
  expect(readUvarint({ bytes, position: 0, end: 3 })).toBe(badVarint);
  expect(readInt64({ bytes, position: 0, end: 12 })).toBeUndefined();
});
