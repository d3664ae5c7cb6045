import type { Labels } from "../model/index.ts";
import type { ByteCursor } from "../platform/encoding/index.ts";
import { int64, malformed, sizedEnd, skipField, uvarint } from "./proto-reader.ts";
import type { LabelSetReader } from "./received-label-sets.ts";
import type { FrameChunk } from "./series-frame.ts";
import { readLabelRefs, readSymbol, type SymbolTable } from "./symbol-table.ts";

/** One series as it came. */
export interface ReceivedSeries {
  readonly labels: Labels;
  /** In the sender's order. Bytes are views of the frame. */
  readonly chunks: readonly FrameChunk[];
}

/** Reads the frames of one answer stream, in their order; holds the stream's symbols. */
export interface SeriesFrameDecoder {
  /** The series of one frame. Throws CorruptionError when the bytes are no SeriesFrame. */
  decode(frame: Uint8Array): readonly ReceivedSeries[];
}

const what = "series frame";

/** Tags are (field number << 3) | wire type. */
const frameTags = { symbol: 0x0a, series: 0x12, labelSets: 0x1a } as const;
const seriesTags = { labelRefs: 0x0a, chunk: 0x12, labelSet: 0x18 } as const;
const chunkTags = {
  encoding: 0x08,
  minTime: 0x10,
  maxTime: 0x18,
  data: 0x22,
  location: 0x2a,
} as const;
const locationTags = { file: 0x08, offset: 0x10, size: 0x18 } as const;

/** Starts reading one stream; `sets` holds its label sets where the request told of any. */
export function createSeriesFrameDecoder(sets?: LabelSetReader): SeriesFrameDecoder {
  const table: SymbolTable = { strings: [] };
  return { decode: (frame) => decodeFrame(frame, table, sets) };
}

/** A series whose labels may stand behind it in the frame, as a number. */
interface ReadSeries {
  labels: Labels;
  readonly chunks: readonly FrameChunk[];
  readonly labelSet: number;
}

function decodeFrame(
  frame: Uint8Array,
  table: SymbolTable,
  sets: LabelSetReader | undefined,
): readonly ReceivedSeries[] {
  const cursor: ByteCursor = { bytes: frame, position: 0, end: frame.length };
  const series: ReadSeries[] = [];
  while (cursor.position < frame.length) {
    const tag = uvarint(cursor, what);
    if (tag === frameTags.symbol) readSymbol(cursor, table, what);
    else if (tag === frameTags.series) series.push(readSeries(cursor, table));
    else if (tag === frameTags.labelSets && sets !== undefined) {
      const end = sizedEnd(cursor, what);
      sets.read({ bytes: frame, position: cursor.position, end });
      cursor.position = end;
    } else skipField(cursor, tag, what);
  }
  for (const one of series) {
    if (one.labelSet === 0) continue;
    const labels = sets?.labelsOf(one.labelSet);
    if (labels === undefined) throw malformed(cursor, what);
    one.labels = labels;
  }
  return series;
}

function readSeries(cursor: ByteCursor, table: SymbolTable): ReadSeries {
  const end = sizedEnd(cursor, what);
  const labels: string[] = [];
  const chunks: FrameChunk[] = [];
  let labelSet = 0;
  while (cursor.position < end) {
    const tag = uvarint(cursor, what);
    if (tag === seriesTags.chunk) chunks.push(readChunk(cursor));
    else if (tag === seriesTags.labelSet) labelSet = uvarint(cursor, what);
    else if (tag === seriesTags.labelRefs) readLabelRefs(cursor, table, { labels, what });
    else skipField(cursor, tag, what);
  }
  if (cursor.position !== end || labels.length % 2 !== 0) throw malformed(cursor, what);
  return { labels, chunks, labelSet };
}

function readChunk(cursor: ByteCursor): FrameChunk {
  const end = sizedEnd(cursor, what);
  const chunk = {
    encoding: 0,
    minTimeMs: 0,
    maxTimeMs: 0,
    bytes: undefined as Uint8Array | undefined,
    file: 0,
    offsetBytes: 0,
    sizeBytes: 0,
  };
  let located = false;
  while (cursor.position < end) {
    const tag = uvarint(cursor, what);
    if (tag === chunkTags.encoding) chunk.encoding = uvarint(cursor, what);
    else if (tag === chunkTags.minTime) chunk.minTimeMs = int64(cursor, what);
    else if (tag === chunkTags.maxTime) chunk.maxTimeMs = int64(cursor, what);
    else if (tag === chunkTags.data) {
      const dataEnd = sizedEnd(cursor, what);
      chunk.bytes = cursor.bytes.subarray(cursor.position, dataEnd);
      cursor.position = dataEnd;
    } else if (tag === chunkTags.location) {
      located = true;
      readLocation(cursor, chunk);
    } else skipField(cursor, tag, what);
  }
  if (cursor.position !== end) throw malformed(cursor, what);
  if (!located && chunk.bytes === undefined) chunk.bytes = new Uint8Array(0);
  return chunk;
}

function readLocation(
  cursor: ByteCursor,
  into: { file: number; offsetBytes: number; sizeBytes: number },
): void {
  const end = sizedEnd(cursor, what);
  while (cursor.position < end) {
    const tag = uvarint(cursor, what);
    if (tag === locationTags.file) into.file = uvarint(cursor, what);
    else if (tag === locationTags.offset) into.offsetBytes = uvarint(cursor, what);
    else if (tag === locationTags.size) into.sizeBytes = uvarint(cursor, what);
    else skipField(cursor, tag, what);
  }
  if (cursor.position !== end) throw malformed(cursor, what);
}
