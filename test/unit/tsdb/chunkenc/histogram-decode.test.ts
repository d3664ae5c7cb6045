import { expect, test } from "vitest";
import { CorruptionError } from "../../../../server/platform/base/index.ts";
import { createChunkDecoder, makeColumns } from "../../../../server/tsdb/index.ts";
import { BitWriter } from "../../../../server/tsdb/chunkenc/bit-writer.ts";

const everything = { startMs: -Infinity, endMs: Infinity };

/** A chunk of one integer histogram whose layout `write` makes up to the schema's end. */
function chunk(write: (writer: BitWriter) => void): Uint8Array {
  const writer = new BitWriter(3);
  writer.setHeader(1, 1);
  write(writer);
  return writer.finish();
}

function decode(bytes: Uint8Array): void {
  createChunkDecoder().decode({ encoding: 2, bytes }, everything, makeColumns(1));
}

test("spans that announce more buckets than floats have are refused before memory is spent", () => {
  const bytes = chunk((writer) => {
    writer.bits(0, 8);
    writer.varbitInt(3);
    writer.varbitUint(1);
    writer.varbitUint(4_000_000_000);
    writer.varbitInt(0);
  });
  expect(() => decode(bytes)).toThrow(/more buckets than floats have/);
});

test("a number of spans or bounds that the bytes cannot hold is refused", () => {
  const spans = chunk((writer) => {
    writer.bits(0, 8);
    writer.varbitInt(3);
    writer.varbitUint(2 ** 50);
  });
  expect(() => decode(spans)).toThrow(/spans/);
  const bounds = chunk((writer) => {
    writer.bits(0, 8);
    writer.varbitInt(-53);
    writer.varbitUint(0);
    writer.varbitUint(0);
    writer.varbitUint(2 ** 50);
  });
  expect(() => decode(bounds)).toThrow(/custom bounds/);
});

test("a schema that nobody knows is refused", () => {
  const bytes = chunk((writer) => {
    writer.bits(0, 8);
    writer.varbitInt(53);
  });
  expect(() => decode(bytes)).toThrow(CorruptionError);
});

test("a schema finer than 8 is read at the resolution of 8", () => {
  const bytes = chunk((writer) => {
    writer.bits(0, 8);
    writer.varbitInt(9);
    for (const [length, offset] of [[2, 4]] as const) {
      writer.varbitUint(1);
      writer.varbitUint(length);
      writer.varbitInt(offset);
    }
    writer.varbitUint(0);
    writer.varbitInt(1000);
    writer.varbitUint(7);
    writer.varbitUint(0);
    writer.words(0x3ff0_0000, 0);
    writer.varbitInt(3);
    writer.varbitInt(1);
  });
  const into = makeColumns(1);
  createChunkDecoder().decode({ encoding: 2, bytes }, everything, into);
  expect(into.histograms).toMatchObject([
    { schema: 8, count: 7, sum: 1, positive: { indices: [2, 3], counts: [3, 4] } },
  ]);
});
