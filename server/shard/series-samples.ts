import { isStaleAt } from "../model/index.ts";
import {
  type ChunkDecoder,
  clearSamples,
  createChunkDecoder,
  type EncodedBytes,
  makeColumns,
  type SampleColumns,
} from "../tsdb/index.ts";

const everything = { startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };

/** Makes plain columns of a series' chunks of floats, which may overlap; reused from series to series. */
export class SeriesSamples {
  readonly #decoder: ChunkDecoder = createChunkDecoder();
  readonly #decoded: SampleColumns = makeColumns(1024);
  #sorted: SampleColumns = makeColumns(1024);

  /**
   * All samples ascending, one per time: a value beats a stale marker, then the greater bits
   * win. Valid until the next call.
   */
  read(chunks: Iterable<EncodedBytes>): SampleColumns {
    const decoded = this.#decoded;
    clearSamples(decoded);
    for (const chunk of chunks) this.#decoder.decode(chunk, everything, decoded);
    return isAscending(decoded) ? decoded : this.#sort(decoded);
  }

  #sort(from: SampleColumns): SampleColumns {
    const { timesMs, words, startTimesMs } = from;
    const order = Uint32Array.from({ length: from.length }, (_, i) => i).sort(
      (a, b) => timesMs[a]! - timesMs[b]!,
    );
    if (this.#sorted.timesMs.length < from.length) this.#sorted = makeColumns(2 * from.length);
    const to = this.#sorted;
    to.length = 0;
    to.startTimesMs = startTimesMs && new Float64Array(to.timesMs.length);
    for (const i of order) {
      const isRepeated = to.length > 0 && to.timesMs[to.length - 1] === timesMs[i];
      if (isRepeated && !isStronger(words, i, { words: to.words, i: to.length - 1 })) continue;
      const at = isRepeated ? to.length - 1 : to.length++;
      to.timesMs[at] = timesMs[i]!;
      to.words[2 * at] = words[2 * i]!;
      to.words[2 * at + 1] = words[2 * i + 1]!;
      if (to.startTimesMs !== undefined) to.startTimesMs[at] = startTimesMs?.[i] ?? 0;
    }
    return to;
  }
}

function isAscending({ timesMs, length }: SampleColumns): boolean {
  for (let i = 1; i < length; i++) {
    if (timesMs[i - 1]! >= timesMs[i]!) return false;
  }
  return true;
}

/** Whether value `i` of `words` wins over another of the same time. */
function isStronger(
  words: Uint32Array,
  i: number,
  other: { readonly words: Uint32Array; readonly i: number },
): boolean {
  const [stale, otherStale] = [isStaleAt(words, i), isStaleAt(other.words, other.i)];
  if (stale !== otherStale) return otherStale;
  const high = words[2 * i + 1]! - other.words[2 * other.i + 1]!;
  return high > 0 || (high === 0 && words[2 * i]! > other.words[2 * other.i]!);
}
