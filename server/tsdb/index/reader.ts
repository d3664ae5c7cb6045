import type { Labels } from "../../model/index.ts";
import { CorruptionError } from "../../platform/base/index.ts";
import { crc32c } from "../../platform/encoding/index.ts";
import type { Vfs } from "../../platform/vfs/index.ts";
import { ByteReader, readSection } from "../byte-reader.ts";
import { openPaged, type PagedFile } from "../paged-file.ts";
import { readToc } from "./toc.ts";
import type { IndexedChunk } from "./writer.ts";

/** A series as an index file has it. */
export interface IndexedSeries {
  readonly labels: Labels;
  readonly chunks: readonly IndexedChunk[];
}

/** Reads an index file. Symbols and the table of postings are held in memory, the rest is read when asked for. */
export interface IndexReader {
  /** Label names, sorted by UTF-8 bytes. */
  labelNames(): readonly string[];
  /** Values of a name, sorted by UTF-8 bytes. */
  labelValues(name: string): readonly string[];
  /** References of the series that have the pair, ascending; empty when there are none. */
  postings(name: string, value: string): Uint32Array;
  /** References of all series, ascending. */
  allPostings(): Uint32Array;
  /** A series by its reference. */
  series(ref: number): IndexedSeries;
  close(): void;
}

/** Bytes read first for a series entry; most are shorter, and a longer one is read again whole. */
const seriesReadSizeBytes = 512;

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Opens an index file of version 2. Throws CorruptionError with file and byte for whatever is wrong. */
export function openIndex(vfs: Vfs, path: string): IndexReader {
  const source = openPaged(vfs, path);
  try {
    const toc = readToc(source);
    const symbols = readSymbols(source, toc.symbols);
    const table = readPostingsTable(source, toc.postingsTable);
    return {
      labelNames: () => [...table.keys()].filter((name) => name !== ""),
      labelValues: (name) => [...(table.get(name)?.keys() ?? [])],
      postings: (name, value) => readPostings(source, table.get(name)?.get(value)),
      allPostings: () => readPostings(source, table.get("")?.get("")),
      series: (ref) => readSeries(source, ref * 16, symbols),
      close: () => source.close(),
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

function readSymbols(source: PagedFile, offsetBytes: number): readonly string[] {
  const reader = readSection(source, offsetBytes);
  const count = reader.u32();
  if (count > reader.remaining) throw reader.fault(`${count} symbols do not fit`);
  const symbols: string[] = [];
  for (let i = 0; i < count; i++) symbols.push(readText(reader));
  return symbols;
}

function readText(reader: ByteReader): string {
  try {
    return decoder.decode(reader.bytes(reader.uvarint()));
  } catch (error) {
    if (error instanceof CorruptionError) throw error;
    throw reader.fault("a string is not UTF-8");
  }
}

type PostingsTable = ReadonlyMap<string, ReadonlyMap<string, number>>;

function readPostingsTable(source: PagedFile, offsetBytes: number): PostingsTable {
  const reader = readSection(source, offsetBytes);
  const count = reader.u32();
  const table = new Map<string, Map<string, number>>();
  for (let i = 0; i < count; i++) {
    if (reader.uvarint() !== 2) throw reader.fault("a postings entry is not a pair");
    const name = readText(reader);
    const value = readText(reader);
    const values = table.get(name) ?? new Map<string, number>();
    values.set(value, reader.uvarint());
    table.set(name, values);
  }
  return table;
}

function readPostings(source: PagedFile, offsetBytes: number | undefined): Uint32Array {
  if (offsetBytes === undefined) return new Uint32Array(0);
  const reader = readSection(source, offsetBytes);
  const count = reader.u32();
  if (count * 4 !== reader.remaining) throw reader.fault(`${count} postings do not fit`);
  const refs = new Uint32Array(count);
  for (let i = 0; i < count; i++) refs[i] = reader.u32();
  return refs;
}

function readSeries(
  source: PagedFile,
  offsetBytes: number,
  symbols: readonly string[],
): IndexedSeries {
  const at = { file: source.path, offsetBytes };
  const firstSize = Math.min(seriesReadSizeBytes, source.sizeBytes - offsetBytes);
  const first = source.view(offsetBytes, firstSize);
  const head = new ByteReader(first, at);
  const sizeBytes = head.uvarint();
  const whole = head.position + sizeBytes + 4;
  const bytes = whole <= first.length ? first : source.view(offsetBytes, whole);
  const content = bytes.subarray(head.position, head.position + sizeBytes);
  const expected = new ByteReader(bytes.subarray(head.position + sizeBytes), at).u32();
  if (crc32c(content) !== expected) throw head.fault("the checksum of a series does not match");
  const reader = new ByteReader(content, { ...at, offsetBytes: offsetBytes + head.position });
  return { labels: readLabels(reader, symbols), chunks: readChunks(reader) };
}

function readLabels(reader: ByteReader, symbols: readonly string[]): Labels {
  const count = reader.uvarint();
  if (count > reader.remaining) throw reader.fault(`${count} labels do not fit`);
  const labels: string[] = [];
  for (let i = 0; i < 2 * count; i++) {
    const symbol = symbols[reader.uvarint()];
    if (symbol === undefined) throw reader.fault("a label refers to no symbol");
    labels.push(symbol);
  }
  return labels;
}

function readChunks(reader: ByteReader): IndexedChunk[] {
  const count = reader.uvarint();
  if (count > reader.remaining) throw reader.fault(`${count} chunks do not fit`);
  const chunks: IndexedChunk[] = [];
  let previous: IndexedChunk | undefined;
  for (let i = 0; i < count; i++) {
    const minTimeMs: number =
      previous === undefined ? reader.varint() : previous.maxTimeMs + reader.uvarint();
    const maxTimeMs = minTimeMs + reader.uvarint();
    const ref: number = previous === undefined ? reader.uvarint() : previous.ref + reader.varint();
    previous = { minTimeMs, maxTimeMs, ref };
    chunks.push(previous);
  }
  return chunks;
}
