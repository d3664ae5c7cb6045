import { CorruptionError } from "../../platform/base/index.ts";
import { crc32c } from "../../platform/encoding/index.ts";
import { ByteReader } from "../byte-reader.ts";
import type { FileWriter } from "../file-writer.ts";
import type { PagedFile } from "../paged-file.ts";

/** Table of contents at the end of an index file: six offsets and a checksum. */
export const tocSizeBytes: number = 6 * 8 + 4;

/** First bytes of an index file. */
export const indexMagic = 0xbaaad700;

/** The only version of index files that is read and written. */
export const indexVersion = 2;

/** Offsets of an index file's sections. Zero: the section is not there. */
export interface IndexToc {
  readonly symbols: number;
  readonly series: number;
  /** Label indices: not read by anybody since index version 2; written as an empty section. */
  readonly labelIndices: number;
  readonly labelIndicesTable: number;
  readonly postings: number;
  readonly postingsTable: number;
}

/** Writes the table of contents. Order as in Prometheus's tsdb/docs/format/index.md. */
export function writeToc(out: FileWriter, toc: IndexToc): void {
  out.startChecksum();
  out.u64(toc.symbols);
  out.u64(toc.series);
  out.u64(toc.labelIndices);
  out.u64(toc.labelIndicesTable);
  out.u64(toc.postings);
  out.u64(toc.postingsTable);
  out.writeChecksum();
}

/** Reads and checks header and table of contents. Throws CorruptionError. */
export function readToc(source: PagedFile): IndexToc {
  const header = new ByteReader(source.view(0, 5), { file: source.path, offsetBytes: 0 });
  if (header.u32() !== indexMagic) throw header.fault("this is not an index file");
  const version = header.u8();
  if (version !== indexVersion) throw header.fault(`index version ${version} is not supported`);
  const offsetBytes = source.sizeBytes - tocSizeBytes;
  const bytes = source.view(offsetBytes, tocSizeBytes);
  const reader = new ByteReader(bytes, { file: source.path, offsetBytes });
  const toc: IndexToc = {
    symbols: reader.u64(),
    series: reader.u64(),
    labelIndices: reader.u64(),
    labelIndicesTable: reader.u64(),
    postings: reader.u64(),
    postingsTable: reader.u64(),
  };
  if (crc32c(bytes.subarray(0, tocSizeBytes - 4)) !== reader.u32()) {
    throw new CorruptionError({ file: source.path, offsetBytes }, "the checksum does not match");
  }
  return toc;
}
