import { assert } from "../../platform/base/index.ts";
import { BitWriter, fitsSigned } from "./bit-writer.ts";
import type { SampleColumns } from "./columns.ts";
import { noWindow, writeXor } from "./xor-values.ts";

/** Samples that the two-byte count of a chunk can tell. */
const chunkSamplesMax = 65_535;

/**
 * Writes samples `[from, to)` as one XOR chunk, byte for byte as Prometheus does; the layout
 * stands in `xor-decode.ts`. Times must ascend and be exact (up to 2^51 ms). For blocks and
 * tests: on the write path the kernel encodes.
 * @public
 */
export function encodeXor(columns: SampleColumns, from: number, to: number): Uint8Array {
  assert(to - from <= chunkSamplesMax, "a chunk holds at most 65,535 samples");
  const writer = new BitWriter(2);
  writer.setHeader(0, (to - from) >>> 8);
  writer.setHeader(1, (to - from) & 0xff);
  const window = { leading: noWindow, trailing: 0 };
  const { timesMs, words } = columns;
  let deltaMs = 0;
  for (let i = from; i < to; i++) {
    const timeMs = timesMs[i]!;
    const lastTimeMs = i === from ? 0 : timesMs[i - 1]!;
    assert(i === from || timeMs > lastTimeMs, "samples of a chunk ascend in time");
    if (i === from) writer.varint(timeMs);
    else if (i === from + 1) writer.uvarint(timeMs - lastTimeMs);
    else writeDeltaOfDelta(writer, timeMs - lastTimeMs - deltaMs);
    deltaMs = timeMs - lastTimeMs;
    const low = words[2 * i]!;
    const high = words[2 * i + 1]!;
    if (i === from) writer.words(high, low);
    else {
      const change = { high: high ^ words[2 * i - 1]!, low: low ^ words[2 * i - 2]! };
      writeXor(writer, window, change);
    }
  }
  return writer.finish();
}

function writeDeltaOfDelta(writer: BitWriter, value: number): void {
  if (value === 0) writer.bits(0, 1);
  else if (fitsSigned(value, 14)) {
    writer.bits(0b10, 2);
    writer.bits(value, 14);
  } else if (fitsSigned(value, 17)) {
    writer.bits(0b110, 3);
    writer.bits(value, 17);
  } else if (fitsSigned(value, 20)) {
    writer.bits(0b1110, 4);
    writer.bits(value, 20);
  } else {
    writer.bits(0b1111, 4);
    writer.int64(value);
  }
}
