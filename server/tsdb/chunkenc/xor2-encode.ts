import { isStaleAt } from "../../model/index.ts";
import { assert } from "../../platform/base/index.ts";
import { BitWriter } from "./bit-writer.ts";
import type { SampleColumns } from "./columns.ts";
import { StartTimeWriter } from "./start-times.ts";
import {
  noWindow,
  opensWindow,
  writeInNewWindow,
  writeInWindow,
  type XorChange,
  type XorWindow,
} from "./xor-values.ts";

const chunkSamplesMax = 65_535;

/** What the writer of a chunk remembers: the value that changes are told from, and the window. */
interface Baseline {
  high: number;
  low: number;
  readonly window: XorWindow;
}

/**
 * Writes samples `[from, to)` as one XOR2 chunk, byte for byte as Prometheus does, with their
 * start times if the columns have any; the layout stands in `xor2-decode.ts`. Times must ascend
 * and be exact (up to 2^51 ms).
 */
export function encodeXor2(columns: SampleColumns, from: number, to: number): Uint8Array {
  assert(to - from <= chunkSamplesMax, "a chunk holds at most 65,535 samples");
  const writer = new BitWriter(3);
  writer.setHeader(0, (to - from) >>> 8);
  writer.setHeader(1, (to - from) & 0xff);
  const starts = new StartTimeWriter(writer);
  const { timesMs, words, startTimesMs } = columns;
  const baseline: Baseline = { high: 0, low: 0, window: { leading: noWindow, trailing: 0 } };
  let deltaMs = 0;
  for (let i = from; i < to; i++) {
    const timeMs = timesMs[i]!;
    const lastTimeMs = i === from ? 0 : timesMs[i - 1]!;
    assert(i === from || timeMs > lastTimeMs, "samples of a chunk ascend in time");
    const value = { high: words[2 * i + 1]!, low: words[2 * i]!, isStale: isStaleAt(words, i) };
    const step = timeMs - lastTimeMs;
    if (i === from) {
      writer.varint(timeMs);
      writer.words(value.high, value.low);
    } else if (i === from + 1) {
      writer.uvarint(step);
      writeValue(writer, value, baseline);
    } else writeJoint(writer, { value, deltaOfDelta: step - deltaMs }, baseline);
    deltaMs = step;
    starts.write(startTimesMs?.[i] ?? 0, { i: i - from, timeMs, lastTimeMs });
    if (value.isStale) continue;
    baseline.high = value.high;
    baseline.low = value.low;
  }
  return writer.finish();
}

/** A value's words. */
interface Value {
  readonly high: number;
  readonly low: number;
  readonly isStale: boolean;
}

/** Writes time and value of the third sample and further ones. */
function writeJoint(
  writer: BitWriter,
  sample: { readonly value: Value; readonly deltaOfDelta: number },
  baseline: Baseline,
): void {
  const { value, deltaOfDelta } = sample;
  if (deltaOfDelta === 0) {
    const change = changeOf(value, baseline);
    if (value.isStale) writer.bits(0b11111, 5);
    else if (change === undefined) writer.bits(0, 1);
    else {
      writer.bits(0b10, 2);
      const isNew = opensWindow(baseline.window, change);
      writer.bits(isNew ? 1 : 0, 1);
      (isNew ? writeInNewWindow : writeInWindow)(writer, baseline.window, change);
    }
    return;
  }
  if (fits(deltaOfDelta, 13)) {
    writer.bits(0b110, 3);
    writer.bits(deltaOfDelta, 13);
  } else if (fits(deltaOfDelta, 20)) {
    writer.bits(0b1110, 4);
    writer.bits(deltaOfDelta, 20);
  } else {
    writer.bits(0b11110, 5);
    writer.int64(deltaOfDelta);
  }
  writeValue(writer, value, baseline);
}

function writeValue(writer: BitWriter, value: Value, baseline: Baseline): void {
  const change = changeOf(value, baseline);
  if (value.isStale) writer.bits(0b111, 3);
  else if (change === undefined) writer.bits(0, 1);
  else if (opensWindow(baseline.window, change)) {
    writer.bits(0b110, 3);
    writeInNewWindow(writer, baseline.window, change);
  } else {
    writer.bits(0b10, 2);
    writeInWindow(writer, baseline.window, change);
  }
}

/** What changed since the last value that was no marker; undefined when nothing did. */
function changeOf({ high, low }: Value, baseline: Baseline): XorChange | undefined {
  const change = { high: high ^ baseline.high, low: low ^ baseline.low };
  return change.high === 0 && change.low === 0 ? undefined : change;
}

/** Whether the number fits into `width` bits of two's complement. */
function fits(value: number, width: number): boolean {
  const half = 2 ** (width - 1);
  return value >= -half && value < half;
}
