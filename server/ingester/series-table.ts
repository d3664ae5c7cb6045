import { compareUtf8, type Labels } from "../model/index.ts";
import { defined } from "../platform/base/index.ts";
import type { FrameChunk, ReceivedSeries } from "../wire/index.ts";

/** A chunk with the shard that sent it: places are relative to its folder. */
export interface ShardChunk {
  readonly shard: number;
  readonly chunk: FrameChunk;
}

/** One series of all shards. */
export interface CollectedSeries {
  readonly labels: Labels;
  /** In no order; times may overlap. */
  readonly chunks: readonly ShardChunk[];
}

/** Numbers of a kind in one growing array. */
class Column<T extends Uint32Array | Float64Array> {
  values: T;
  length = 0;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.values = make(1024);
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const grown = this.#make(this.length + (this.length >> 1));
      grown.set(this.values);
      this.values = grown;
    }
    this.values[this.length++] = value;
  }
}

const words = (): Column<Uint32Array> => new Column((length) => new Uint32Array(length));
const doubles = (): Column<Float64Array> => new Column((length) => new Float64Array(length));

/**
 * Series of a block to be, in columns: a label is 4 bytes and a chunk 36, where objects would
 * take ten times that, and garbage collection never walks over them. Strings stand once each.
 */
export class SeriesTable {
  readonly #strings: string[] = [];
  readonly #refs = new Map<string, number>();
  readonly #labelRefs = words();
  readonly #labelEnds = words();
  readonly #chunkEnds = words();
  readonly #shards = words();
  readonly #encodings = words();
  readonly #minTimesMs = doubles();
  readonly #maxTimesMs = doubles();
  readonly #files = words();
  readonly #offsets = words();
  readonly #sizes = words();
  /** Bytes of chunks that came with the series, by chunk; the others lie in files. */
  readonly #bytes = new Map<number, Uint8Array>();

  /** Adds a series of one shard. Labels and bytes are copied. */
  add(shard: number, { labels, chunks }: ReceivedSeries): void {
    for (const text of labels) this.#labelRefs.push(this.#refOf(text));
    this.#labelEnds.push(this.#labelRefs.length);
    for (const chunk of chunks) {
      if (chunk.bytes !== undefined) this.#bytes.set(this.#shards.length, chunk.bytes.slice());
      this.#shards.push(shard);
      this.#encodings.push(chunk.encoding);
      this.#minTimesMs.push(chunk.minTimeMs);
      this.#maxTimesMs.push(chunk.maxTimeMs);
      this.#files.push(chunk.file);
      this.#offsets.push(chunk.offsetBytes);
      this.#sizes.push(chunk.sizeBytes);
    }
    this.#chunkEnds.push(this.#shards.length);
  }

  /** All strings of all labels, sorted by UTF-8 bytes, unique. */
  symbols(): string[] {
    return this.#strings.toSorted(compareUtf8);
  }

  /** The series sorted by labels; what several shards have of one comes as one. */
  *sorted(): Generator<CollectedSeries> {
    const ranks = this.#ranks();
    const order = Uint32Array.from({ length: this.#labelEnds.length }, (_, index) => index);
    order.sort((a, b) => this.#compare(ranks, a, b));
    for (let i = 0; i < order.length; ) {
      const first = order[i]!;
      const chunks = this.#chunksOf(first);
      for (i++; i < order.length && this.#compare(ranks, first, order[i]!) === 0; i++) {
        chunks.push(...this.#chunksOf(order[i]!));
      }
      yield { labels: this.#labelsOf(first), chunks };
    }
  }

  #refOf(text: string): number {
    let ref = this.#refs.get(text);
    if (ref === undefined) {
      ref = this.#strings.length;
      this.#strings.push(text);
      this.#refs.set(text, ref);
    }
    return ref;
  }

  /** Place of each string in the sorted order, by its ref: series are compared by numbers. */
  #ranks(): Uint32Array {
    const ranks = new Uint32Array(this.#strings.length);
    for (const [rank, text] of this.symbols().entries()) {
      ranks[defined(this.#refs.get(text), "a string's ref")] = rank;
    }
    return ranks;
  }

  #compare(ranks: Uint32Array, a: number, b: number): number {
    const refs = this.#labelRefs.values;
    const [endA, endB] = [this.#labelEnds.values[a]!, this.#labelEnds.values[b]!];
    let atA = a === 0 ? 0 : this.#labelEnds.values[a - 1]!;
    let atB = b === 0 ? 0 : this.#labelEnds.values[b - 1]!;
    for (; atA < endA && atB < endB; atA++, atB++) {
      const order = ranks[refs[atA]!]! - ranks[refs[atB]!]!;
      if (order !== 0) return order;
    }
    return endA - atA - (endB - atB);
  }

  #labelsOf(series: number): Labels {
    const from = series === 0 ? 0 : this.#labelEnds.values[series - 1]!;
    const labels: string[] = [];
    for (let at = from; at < this.#labelEnds.values[series]!; at++) {
      labels.push(this.#strings[this.#labelRefs.values[at]!]!);
    }
    return labels;
  }

  #chunksOf(series: number): ShardChunk[] {
    const chunks: ShardChunk[] = [];
    const from = series === 0 ? 0 : this.#chunkEnds.values[series - 1]!;
    for (let at = from; at < this.#chunkEnds.values[series]!; at++) {
      const chunk: FrameChunk = {
        encoding: this.#encodings.values[at]!,
        minTimeMs: this.#minTimesMs.values[at]!,
        maxTimeMs: this.#maxTimesMs.values[at]!,
        bytes: this.#bytes.get(at),
        file: this.#files.values[at]!,
        offsetBytes: this.#offsets.values[at]!,
        sizeBytes: this.#sizes.values[at]!,
      };
      chunks.push({ shard: this.#shards.values[at]!, chunk });
    }
    return chunks;
  }
}
