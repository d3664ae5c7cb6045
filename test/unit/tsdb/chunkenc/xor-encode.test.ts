import { expect, test } from "vitest";
import { encodeXor, makeColumns } from "../../../../server/tsdb/index.ts";

test("the layout, byte for byte: count, zigzag time, value, delta, one bit for the same", () => {
  const columns = makeColumns(3);
  columns.timesMs.set([10, 20, 30]);
  columns.values.set([1, 1, 1]);
  const bytes = encodeXor(columns, 0, 3);
  expect([...bytes]).toEqual([0, 3, 20, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 10, 0]);
});

test("a part of the columns is a chunk of its own", () => {
  const columns = makeColumns(4);
  columns.timesMs.set([1, 2, 5, 9]);
  columns.values.set([1, 2, 3, 4]);
  const part = makeColumns(2);
  part.timesMs.set([2, 5]);
  part.values.set([2, 3]);
  expect(encodeXor(columns, 1, 3)).toEqual(encodeXor(part, 0, 2));
});

test("samples that do not ascend are a bug of the caller", () => {
  const columns = makeColumns(2);
  columns.timesMs.set([5, 5]);
  expect(() => encodeXor(columns, 0, 2)).toThrow(/ascend/);
});
