import {
  int64SizeBytes,
  uvarintSizeBytes,
  writeInt64,
  writeUvarint,
} from "../platform/encoding/index.ts";
import type { HistogramMessage } from "../kernel/index.ts";
import type { SampleColumns } from "../tsdb/index.ts";

/** Samples of a series in one entry: more make several entries, so that payloads stay small. */
const samplesPerEntryMax = 4096;

/** Tags of remote write 1.0. */
const tags = {
  series: 0x0a,
  label: 0x0a,
  name: 0x0a,
  value: 0x12,
  sample: 0x12,
  histogram: 0x22,
} as const;
const valueTag = 0x09;
const timeTag = 0x10;
/** Of remote write 2.0; the kernel reads it in both. */
const startTag = 0x18;

/**
 * A remote write 1.0 payload that is put together from stored series: the form in which data
 * goes through the router again. Values are copied as bits.
 */
export class ReloadPayload {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  /** Bytes so far. */
  get sizeBytes(): number {
    return this.#length;
  }

  /**
   * Adds the floats and histograms of a series, both ascending; where both have a time the
   * histogram counts. `labels` are names and values as UTF-8 in turn.
   */
  add(
    labels: readonly Uint8Array[],
    columns: SampleColumns,
    histograms: readonly HistogramMessage[] = [],
  ): void {
    const { timesMs, length } = columns;
    let [row, next] = [0, 0];
    while (row < length || next < histograms.length) {
      const from = row;
      const untilMs = histograms[next]?.timeMs ?? Number.POSITIVE_INFINITY;
      const most = Math.min(length, from + samplesPerEntryMax);
      while (row < most && timesMs[row]! < untilMs) row++;
      if (row > from) {
        this.#addEntry(labels, columns, [from, row]);
        continue;
      }
      const floatMs = row < length ? timesMs[row]! : Number.POSITIVE_INFINITY;
      const first = next;
      while (next < histograms.length && histograms[next]!.timeMs <= floatMs) next++;
      this.#addHistograms(labels, histograms.slice(first, next));
      if (histograms[next - 1]?.timeMs === floatMs) row++;
    }
  }

  /** The payload, the caller's own; the next one starts empty. */
  take(): Uint8Array {
    const payload = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return payload;
  }

  #addEntry(
    labels: readonly Uint8Array[],
    columns: SampleColumns,
    range: readonly [number, number],
  ): void {
    const [from, to] = range;
    let sizeBytes = 0;
    for (let i = 0; i < labels.length; i += 2) sizeBytes += fieldSize(labelSize(labels, i));
    for (let i = from; i < to; i++) sizeBytes += fieldSize(sampleSize(columns, i));
    this.#reserve(fieldSize(sizeBytes));
    this.#byte(tags.series);
    this.#uvarint(sizeBytes);
    for (let i = 0; i < labels.length; i += 2) this.#addLabel(labels, i);
    for (let i = from; i < to; i++) this.#addSample(columns, i);
  }

  #addHistograms(labels: readonly Uint8Array[], histograms: readonly HistogramMessage[]): void {
    let sizeBytes = 0;
    for (let i = 0; i < labels.length; i += 2) sizeBytes += fieldSize(labelSize(labels, i));
    for (const { message } of histograms) sizeBytes += fieldSize(message.length);
    this.#reserve(fieldSize(sizeBytes));
    this.#byte(tags.series);
    this.#uvarint(sizeBytes);
    for (let i = 0; i < labels.length; i += 2) this.#addLabel(labels, i);
    for (const { message } of histograms) this.#text(tags.histogram, message);
  }

  #addLabel(labels: readonly Uint8Array[], i: number): void {
    this.#byte(tags.label);
    this.#uvarint(labelSize(labels, i));
    this.#text(tags.name, labels[i] as Uint8Array);
    this.#text(tags.value, labels[i + 1] as Uint8Array);
  }

  #addSample(columns: SampleColumns, i: number): void {
    const { timesMs, words, startTimesMs } = columns;
    this.#byte(tags.sample);
    this.#uvarint(sampleSize(columns, i));
    this.#byte(valueTag);
    const view = new DataView(this.#bytes.buffer);
    view.setUint32(this.#length, words[2 * i]!, true);
    view.setUint32(this.#length + 4, words[2 * i + 1]!, true);
    this.#length += 8;
    this.#byte(timeTag);
    this.#length = writeInt64(this.#bytes, this.#length, timesMs[i]!);
    const startMs = startTimesMs?.[i] ?? 0;
    if (startMs === 0) return;
    this.#byte(startTag);
    this.#length = writeInt64(this.#bytes, this.#length, startMs);
  }

  #text(tag: number, bytes: Uint8Array): void {
    this.#byte(tag);
    this.#uvarint(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }

  #uvarint(value: number): void {
    this.#length = writeUvarint(this.#bytes, this.#length, value);
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function fieldSize(sizeBytes: number): number {
  return 1 + uvarintSizeBytes(sizeBytes) + sizeBytes;
}

function labelSize(labels: readonly Uint8Array[], i: number): number {
  return (
    fieldSize((labels[i] as Uint8Array).length) + fieldSize((labels[i + 1] as Uint8Array).length)
  );
}

function sampleSize({ timesMs, startTimesMs }: SampleColumns, i: number): number {
  const startMs = startTimesMs?.[i] ?? 0;
  const sizeBytes = 1 + 8 + 1 + int64SizeBytes(timesMs[i]!);
  return startMs === 0 ? sizeBytes : sizeBytes + 1 + int64SizeBytes(startMs);
}
