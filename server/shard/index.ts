export { blockRangeMs, headSpanMsMax } from "./block-range.ts";
export type { PushBatch, PushOutcome } from "./batch-writer.ts";
export {
  type ChunkLocation,
  type ChunkReader,
  createChunkReader,
} from "./chunks/chunk-reader.ts";
export type { ChunkPlace } from "./chunks/chunks-files.ts";
export { chunksFilePath, shardDirectory } from "./data-layout.ts";
export type { Truncation } from "./head-cut.ts";
export { HeadSignal, headSignalMemory } from "./head-signal.ts";
export type { Hole } from "./holes.ts";
export type { SyncMode } from "./log/shard-log.ts";
export { inlineSyncer, type Syncer, serveSyncs, threadSyncer } from "./log/syncer.ts";
export { NewestTimes, newestTimesMemory } from "./newest-times.ts";
export { type PrepareShardsOptions, prepareShards } from "./prepare-shards.ts";
export { type ShardSettings, shardDefaults } from "./settings.ts";
export {
  openShard,
  type RecoveryReport,
  type Shard,
  type ShardOptions,
  type TenantHead,
} from "./shard.ts";
export type { SelectedSeries, ShardPair, ShardReader, ShardSelection } from "./shard-reader.ts";
