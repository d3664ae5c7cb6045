import type { FrontKernel, ShardKernel } from "../kernel/index.ts";
import type { Limits } from "../limits/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import { shardDirectory, shardsDirectory } from "./data-layout.ts";
import { reshard } from "./reshard.ts";
import type { ShardSettings } from "./settings.ts";
import { readShardsFile, shardsFormat, writeShardsFile } from "./shards-file.ts";

/** What a data directory is prepared with, before any shard is opened. */
export interface PrepareShardsOptions {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dataDir: string;
  /** Shards that the process will have. */
  readonly shards: number;
  readonly limits: Limits;
  readonly settings: ShardSettings;
  createKernel(): ShardKernel | Promise<ShardKernel>;
  createFrontKernel(): Promise<FrontKernel>;
}

/**
 * Makes a data directory fit for `shards` shards. A directory of another count is read through
 * and written again, each series to its new shard, before the old files go: a crash at any
 * moment leaves the old shards or the new ones. Throws ShardsFileError for a newer version.
 */
export async function prepareShards(options: PrepareShardsOptions): Promise<void> {
  const { vfs, dataDir, shards, logger } = options;
  vfs.makeDirectory(shardsDirectory(dataDir));
  const found = readShardsFile(vfs, dataDir);
  const version = shardsFormat.newest;
  if (found === undefined) {
    writeShardsFile(vfs, dataDir, { version, shards, switching: false });
    return;
  }
  if (found.switching) switchShards(vfs, dataDir, found.shards);
  removeLeftovers(vfs, dataDir);
  if (found.shards === shards) return;
  logger.info("the number of shards has changed: all data is loaded again", {
    from: found.shards,
    to: shards,
  });
  const directoryOfNew = (shard: number): string => `${nextDirectory(dataDir)}/shard-${shard}`;
  await reshard({
    ...options,
    from: Array.from({ length: found.shards }, (_, shard) => shardDirectory(dataDir, shard)),
    to: Array.from({ length: shards }, (_, shard) => directoryOfNew(shard)),
  });
  vfs.syncDirectory(nextDirectory(dataDir));
  writeShardsFile(vfs, dataDir, { version, shards, switching: true });
  switchShards(vfs, dataDir, shards);
  removeLeftovers(vfs, dataDir);
}

const nextDirectory = (dataDir: string): string => `${shardsDirectory(dataDir)}/next`;
const oldDirectory = (dataDir: string): string => `${shardsDirectory(dataDir)}/old`;

/**
 * Puts the new shards in place. Each step can be done again: a new shard that still stands in
 * `next` says that the one in its place is old.
 */
function switchShards(vfs: Vfs, dataDir: string, shards: number): void {
  const next = nextDirectory(dataDir);
  const old = oldDirectory(dataDir);
  vfs.makeDirectory(old);
  for (const name of vfs.list(shardsDirectory(dataDir))) {
    const number = /^shard-(\d+)$/.exec(name)?.[1];
    if (number === undefined) continue;
    if (Number(number) >= shards || vfs.exists(`${next}/${name}`)) {
      vfs.rename(`${shardsDirectory(dataDir)}/${name}`, `${old}/${name}`);
    }
  }
  for (const name of vfs.list(next)) {
    vfs.rename(`${next}/${name}`, `${shardsDirectory(dataDir)}/${name}`);
  }
  for (const directory of [shardsDirectory(dataDir), next, old]) {
    if (vfs.exists(directory)) vfs.syncDirectory(directory);
  }
  writeShardsFile(vfs, dataDir, { version: shardsFormat.newest, shards, switching: false });
}

function removeLeftovers(vfs: Vfs, dataDir: string): void {
  vfs.removeTree(nextDirectory(dataDir));
  vfs.removeTree(oldDirectory(dataDir));
}
