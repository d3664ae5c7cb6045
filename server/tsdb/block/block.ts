import { CorruptionError } from "../../platform/base/index.ts";
import type { Vfs } from "../../platform/vfs/index.ts";
import { openSegments, type StoredChunk } from "../chunks/segment.ts";
import { type IndexReader, openIndex } from "../index/reader.ts";
import { type BlockMeta, readBlockMeta } from "./meta.ts";

/** An open block. Immutable; readers of several queries may share it. */
export interface Block {
  readonly meta: BlockMeta;
  readonly directory: string;
  readonly index: IndexReader;
  /** Reads and checks a chunk by its reference. Throws CorruptionError. */
  chunk(ref: number): StoredChunk;
  close(): void;
}

/** Opens a block folder. Throws CorruptionError when something in it is not what was written. */
export function openBlock(vfs: Vfs, directory: string): Block {
  const meta = readBlockMeta(vfs, directory);
  if (meta === undefined) {
    throw new CorruptionError(
      { file: `${directory}/meta.json`, offsetBytes: 0 },
      "the block has no meta.json",
    );
  }
  const index = openIndex(vfs, `${directory}/index`);
  try {
    const segments = openSegments(vfs, `${directory}/chunks`);
    return {
      meta,
      directory,
      index,
      chunk: (ref) => segments.read(ref),
      close() {
        index.close();
        segments.close();
      },
    };
  } catch (error) {
    index.close();
    throw error;
  }
}
