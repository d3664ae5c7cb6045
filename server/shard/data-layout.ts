import { chunksFileName } from "./chunks/chunks-files.ts";
import { shardFolders } from "./recover.ts";

/** Where all shards live in a data directory. */
export function shardsDirectory(dataDir: string): string {
  return `${dataDir}/ingester`;
}

/** Where one shard lives. */
export function shardDirectory(dataDir: string, shard: number): string {
  return `${shardsDirectory(dataDir)}/shard-${shard}`;
}

/** Where a chunks file of a shard lies; sealed chunks are read there by whoever got their place. */
export function chunksFilePath(dataDir: string, shard: number, file: number): string {
  return `${shardDirectory(dataDir, shard)}/${shardFolders.chunks}/${chunksFileName(file)}`;
}
