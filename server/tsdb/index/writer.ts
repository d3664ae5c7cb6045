import { compareUtf8, type Labels } from "../../model/index.ts";
import { assert, defined } from "../../platform/base/index.ts";
import { crc32c, uvarintSizeBytes, writeUvarint } from "../../platform/encoding/index.ts";
import type { Vfs } from "../../platform/vfs/index.ts";
import { FileWriter } from "../file-writer.ts";
import { PostingsLists } from "./postings-lists.ts";
import { indexMagic, indexVersion, writeToc } from "./toc.ts";

/** A chunk as the index lists it. */
export interface IndexedChunk {
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** Segment number (from 0) × 2^32 + offset in the segment file. */
  readonly ref: number;
}

/** Writes an index file. Calls come in this order: symbols once, series ascending, finish. */
export interface IndexWriter {
  /** All strings of the block's labels, sorted by UTF-8 bytes, unique. */
  writeSymbols(symbols: readonly string[]): void;
  /** A series with its chunks in ascending order; series come sorted by their labels. */
  addSeries(labels: Labels, chunks: readonly IndexedChunk[]): void;
  /** Writes postings and tables, syncs and closes the file. */
  finish(): void;
  /** Closes the file after a failure. */
  abandon(): void;
}

/** Series begin at multiples of this; their reference is the offset divided by it. */
const seriesAlignment = 16;

const encoder = new TextEncoder();

/**
 * Creates an index file of version 2, bit for bit as Prometheus reads it. Format:
 * Prometheus's tsdb/docs/format/index.md. The postings of the block are held in memory until
 * `finish`, four bytes for each label of each series.
 */
export function createIndexWriter(vfs: Vfs, path: string): IndexWriter {
  const out = new FileWriter(vfs, path);
  const symbolRefs = new Map<string, number>();
  const postings = new PostingsLists();
  const toc = { symbols: 0, series: 0 };
  const entry = new SeriesEntry();
  out.u32(indexMagic);
  out.u8(indexVersion);
  return {
    writeSymbols(symbols) {
      toc.symbols = out.positionBytes;
      writeSymbolTable(out, symbols);
      for (const [index, symbol] of symbols.entries()) symbolRefs.set(symbol, index);
      toc.series = out.positionBytes;
    },
    addSeries(labels, chunks) {
      out.align(seriesAlignment);
      const ref = out.positionBytes / seriesAlignment;
      assert(ref < 2 ** 32, "an index file is larger than 64 GiB");
      entry.write(out, labels, chunks, symbolRefs);
      postings.add(ref, labels);
    },
    finish() {
      const labelIndices = out.positionBytes;
      writeEmptyTable(out);
      const postingsStart = out.positionBytes;
      const offsets = writePostings(out, postings);
      const postingsTable = out.positionBytes;
      writePostingsTable(out, offsets);
      writeToc(out, {
        ...toc,
        labelIndices,
        labelIndicesTable: labelIndices,
        postings: postingsStart,
        postingsTable,
      });
      out.finish();
    },
    abandon: () => out.abandon(),
  };
}

function writeSymbolTable(out: FileWriter, symbols: readonly string[]): void {
  const texts = symbols.map((symbol) => encoder.encode(symbol));
  let sizeBytes = 4;
  for (const text of texts) sizeBytes += uvarintSizeBytes(text.length) + text.length;
  out.u32(sizeBytes);
  out.startChecksum();
  out.u32(texts.length);
  for (const text of texts) {
    out.uvarint(text.length);
    out.bytes(text);
  }
  out.writeChecksum();
}

/** A table without entries: its length, its count, its checksum. */
function writeEmptyTable(out: FileWriter): void {
  out.u32(4);
  out.startChecksum();
  out.u32(0);
  out.writeChecksum();
}

/** Encodes one series entry in a buffer that is used again, for its length stands in front. */
class SeriesEntry {
  #bytes: Uint8Array = new Uint8Array(4096);
  #used = 0;

  write(
    out: FileWriter,
    labels: Labels,
    chunks: readonly IndexedChunk[],
    symbolRefs: ReadonlyMap<string, number>,
  ): void {
    this.#used = 0;
    this.#uvarint(labels.length / 2);
    for (const text of labels) this.#uvarint(defined(symbolRefs.get(text), `symbol ${text}`));
    this.#uvarint(chunks.length);
    let previous: IndexedChunk | undefined;
    for (const chunk of chunks) {
      if (previous === undefined) this.#varint(chunk.minTimeMs);
      else this.#uvarint(chunk.minTimeMs - previous.maxTimeMs);
      this.#uvarint(chunk.maxTimeMs - chunk.minTimeMs);
      if (previous === undefined) this.#uvarint(chunk.ref);
      else this.#varint(chunk.ref - previous.ref);
      previous = chunk;
    }
    const content = this.#bytes.subarray(0, this.#used);
    out.uvarint(content.length);
    out.bytes(content);
    out.u32(crc32c(content));
  }

  #uvarint(value: number): void {
    assert(value >= 0, "chunks of a series overlap or are out of order");
    if (this.#used + 10 > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#used = writeUvarint(this.#bytes, this.#used, value);
  }

  #varint(value: number): void {
    this.#uvarint(value >= 0 ? value * 2 : -value * 2 - 1);
  }
}

interface PostingsOffset {
  readonly name: string;
  readonly value: string;
  readonly offsetBytes: number;
}

/** Writes the list of all series, then each pair's list by name and value. */
function writePostings(out: FileWriter, postings: PostingsLists): PostingsOffset[] {
  const offsets: PostingsOffset[] = [];
  const write = (name: string, value: string, refs: Uint32Array): void => {
    out.align(4);
    offsets.push({ name, value, offsetBytes: out.positionBytes });
    out.u32(4 + 4 * refs.length);
    out.startChecksum();
    out.u32(refs.length);
    for (const ref of refs) out.u32(ref);
    out.writeChecksum();
  };
  write("", "", postings.all());
  for (const name of postings.names().sort(compareUtf8)) {
    for (const [value, refs] of postings.ofName(name)) write(name, value, refs);
  }
  return offsets;
}

function writePostingsTable(out: FileWriter, offsets: readonly PostingsOffset[]): void {
  const start = out.positionBytes;
  out.u32(0);
  out.startChecksum();
  out.u32(offsets.length);
  for (const { name, value, offsetBytes } of offsets) {
    const [nameBytes, valueBytes] = [encoder.encode(name), encoder.encode(value)];
    out.uvarint(2);
    out.uvarint(nameBytes.length);
    out.bytes(nameBytes);
    out.uvarint(valueBytes.length);
    out.bytes(valueBytes);
    out.uvarint(offsetBytes);
  }
  const sizeBytes = out.positionBytes - start - 4;
  out.writeChecksum();
  out.patchU32(start, sizeBytes);
}
