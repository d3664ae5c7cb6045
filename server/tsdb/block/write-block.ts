import type { Labels } from "../../model/index.ts";
import { type Vfs, writeAll } from "../../platform/vfs/index.ts";
import type { EncodedChunk } from "../chunkenc/index.ts";
import { createSegments } from "../chunks/segment.ts";
import { createIndexWriter, type IndexedChunk } from "../index/writer.ts";
import { type BlockMeta, formatBlockMeta } from "./meta.ts";

/** A series to be written: chunks ascending in time, not overlapping. */
export interface BlockSeries {
  readonly labels: Labels;
  readonly chunks: readonly EncodedChunk[];
}

/** What becomes of a block. */
export interface BlockContent {
  readonly ulid: string;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly outOfOrder: boolean;
  /** All strings of all labels, sorted by UTF-8 bytes, unique. */
  readonly symbols: readonly string[];
  /** Series sorted by labels, unique; each is written before the next is asked for. */
  readonly series: AsyncIterable<BlockSeries> | Iterable<BlockSeries>;
}

/**
 * Writes a block whole or not at all: everything goes into `<directory>/<ulid>.tmp`, every file
 * and the folder are synced, and the rename to `<directory>/<ulid>` publishes it. Without any
 * series there is no block, and undefined. After a failure the temporary folder is removed and
 * the error thrown.
 */
export async function writeBlock(
  vfs: Vfs,
  directory: string,
  content: BlockContent,
): Promise<BlockMeta | undefined> {
  const final = `${directory}/${content.ulid}`;
  const temporary = `${final}.tmp`;
  vfs.makeDirectory(`${temporary}/chunks`);
  try {
    const meta = await writeSeries(vfs, temporary, content);
    if (meta.series === 0) {
      vfs.removeTree(temporary);
      return undefined;
    }
    writeMeta(vfs, temporary, meta);
    vfs.syncDirectory(`${temporary}/chunks`);
    vfs.syncDirectory(temporary);
    vfs.rename(temporary, final);
    vfs.syncDirectory(directory);
    return meta;
  } catch (error) {
    vfs.removeTree(temporary);
    throw error;
  }
}

async function writeSeries(vfs: Vfs, directory: string, content: BlockContent): Promise<BlockMeta> {
  const segments = createSegments(vfs, `${directory}/chunks`);
  const index = createIndexWriter(vfs, `${directory}/index`);
  const counts = { series: 0, samples: 0, chunks: 0 };
  try {
    index.writeSymbols(content.symbols);
    for await (const { labels, chunks } of content.series) {
      const indexed: IndexedChunk[] = [];
      for (const { encoding, bytes, minTimeMs, maxTimeMs, samples } of chunks) {
        indexed.push({ minTimeMs, maxTimeMs, ref: segments.add(encoding, bytes) });
        counts.samples += samples;
      }
      index.addSeries(labels, indexed);
      counts.series++;
      counts.chunks += indexed.length;
    }
  } catch (error) {
    segments.abandon();
    index.abandon();
    throw error;
  }
  segments.finish();
  index.finish();
  const { ulid, minTimeMs, maxTimeMs, outOfOrder } = content;
  return { ulid, minTimeMs, maxTimeMs, outOfOrder, ...counts, compactionLevel: 1, sources: [ulid] };
}

function writeMeta(vfs: Vfs, directory: string, meta: BlockMeta): void {
  const file = vfs.open(`${directory}/meta.json`, "create");
  try {
    writeAll(file, new TextEncoder().encode(formatBlockMeta(meta)), 0);
    file.sync();
  } finally {
    file.close();
  }
}
