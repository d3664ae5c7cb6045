import type { ChunksPosition, TenantRules } from "./face.ts";
import {
  chunkBorderMs,
  chunkSamplesMax,
  histogramChunkSamplesMin,
  histogramChunkSizeMax,
  histogramChunkSizeMin,
  outOfOrderMax,
} from "./layout.ts";
import { firstHeader, headerBehind, type ModelHistogram, staleBits } from "./model-histogram.ts";
import { modelChunkSizeBytes } from "./model-histogram-chunk.ts";
import type { ModelSample } from "./model-payload.ts";

/** Series of the kernel's twin, and where their chunks begin and end. */

/** A sealed chunk of the twin, or one that is still open. */
export interface ModelChunk {
  readonly samples: readonly ModelSample[];
  readonly late: boolean;
  /** Flags byte of a chunk of histograms. */
  readonly header: number;
  readonly form: ModelForm;
}

/** How a chunk is encoded, as its tenant's rules said when it began. */
export interface ModelForm {
  readonly xor2: boolean;
  readonly starts: boolean;
}

/** The form of chunks that begin under some rules. */
export function formOf(rules: TenantRules): ModelForm {
  const starts = rules.startTimestampsStored;
  return { xor2: starts || rules.floatsAsXor2, starts };
}

/** A series of the twin. */
export interface ModelSeries {
  ref: number;
  readonly tenant: number;
  readonly labels: readonly (readonly [string, string])[];
  readonly sealed: { chunk: ModelChunk; at: ChunksPosition }[];
  open: ModelSample[];
  /** Flags byte of the chunk of histograms that is open, or was last. */
  header: number;
  /** Form of the open chunk. */
  form: ModelForm;
  late: ModelSample[];
  last: ModelSample | undefined;
  isDefined: boolean;
}

function border(timeMs: number): number {
  return Math.floor(timeMs / chunkBorderMs);
}

/** A sample as its series keeps it: a stale float behind a histogram becomes one of those. */
export function asStored(series: ModelSeries, sample: ModelSample): ModelSample {
  const last = series.last?.histogram;
  if (sample.histogram !== undefined || sample.bits !== staleBits || last === undefined) {
    return sample;
  }
  const empty = { spans: [], values: [] };
  const histogram: ModelHistogram = {
    isFloat: last.isFloat,
    hint: series.header === 0xc0 ? 3 : 0,
    schema: 0,
    zeroThreshold: 0,
    count: 0n,
    zeroCount: 0n,
    sum: staleBits,
    timeMs: sample.timeMs,
    startMs: 0,
    positive: empty,
    negative: empty,
    bounds: [],
  };
  return { timeMs: sample.timeMs, bits: 0n, histogram };
}

/** Whether a float cannot go into the open chunk of its series. */
export function isOver({ open, last }: ModelSeries, sample: ModelSample): boolean {
  if (last === undefined) return false;
  const isFull = open.length >= chunkSamplesMax || last.histogram !== undefined;
  return isFull || border(last.timeMs) !== border(sample.timeMs);
}

/** Flags byte of the chunk that a histogram must begin in its series, or "fits". */
export function headerFor(
  {
    open,
    last,
    header,
    form,
  }: {
    readonly open: readonly ModelSample[];
    readonly last: ModelSample | undefined;
    readonly header: number;
    readonly form: ModelForm;
  },
  next: ModelHistogram,
): number | "fits" {
  if (last?.histogram?.isFloat !== next.isFloat) return firstHeader(next);
  const found = headerBehind(last.histogram, header, next);
  if (found !== "fits") return found;
  const { length } = open;
  const sizeBytes = length === 0 ? 0 : modelChunkSizeBytes(open, form.starts);
  const isFull =
    length === 0 ||
    length >= chunkSamplesMax ||
    (length >= histogramChunkSamplesMin && sizeBytes >= histogramChunkSizeMin) ||
    sizeBytes + 96 + 10 * unitsOf(next) > histogramChunkSizeMax ||
    border(last.timeMs) !== border(next.timeMs);
  if (!isFull) return "fits";
  return next.hint === 3 ? 0xc0 : 0x40;
}

/** The histograms of a chunk that has nothing else. */
export function histogramsOf(samples: readonly ModelSample[]): ModelHistogram[] {
  return samples.flatMap(({ histogram }) => (histogram === undefined ? [] : [histogram]));
}

function unitsOf({ positive, negative, bounds }: ModelHistogram): number {
  const spans = positive.spans.length + negative.spans.length;
  return 2 * spans + positive.values.length + negative.values.length + bounds.length;
}

/** Whether late samples are sealed: many, or many bytes of histograms. */
export function isLateFull(late: readonly ModelSample[]): boolean {
  const sizeBytes = late.reduce((sum, { message }) => sum + (message?.length ?? 0), 0);
  return late.length >= outOfOrderMax || sizeBytes >= 8192;
}

/** Late samples cut into chunks: at two-hour borders, and where one does not fit to another. */
export function lateChunks(late: readonly ModelSample[], form: ModelForm): ModelChunk[] {
  const chunks: (ModelChunk & { readonly samples: ModelSample[] })[] = [];
  for (const sample of late) {
    const chunk = chunks.at(-1);
    const first = chunk?.samples[0];
    const isNear = first !== undefined && border(first.timeMs) === border(sample.timeMs);
    const { histogram } = sample;
    // What is late has no place for a float's start.
    const { startMs: _, ...stored } = sample;
    if (chunk !== undefined && isNear && isSameKind(chunk, histogram)) chunk.samples.push(stored);
    else {
      const header = histogram === undefined ? 0 : firstHeader(histogram);
      chunks.push({ samples: [stored], late: true, header, form });
    }
  }
  return chunks;
}

function isSameKind(chunk: ModelChunk, histogram: ModelHistogram | undefined): boolean {
  const { samples, header, form } = chunk;
  const last = samples.at(-1);
  if (histogram === undefined) return last?.histogram === undefined;
  return headerFor({ open: samples, last, header, form }, histogram) === "fits";
}
