export type { PushBatch, PushOutcome } from "./batch-writer.ts";
export {
  type ChunkPlace,
  checkedChunk,
  chunkChecksumSizeBytes,
  chunksFileName,
} from "./chunks/chunks-files.ts";
export { chunksFilePath, shardDirectory, shardsDirectory } from "./data-layout.ts";
export type { Hole } from "./holes.ts";
export { type SyncMode, syncModes } from "./log/shard-log.ts";
export { inlineSyncer, type Syncer, serveSyncs, threadSyncer } from "./log/syncer.ts";
export { NewestTimes, newestTimesMemory } from "./newest-times.ts";
export { type PrepareShardsOptions, prepareShards } from "./prepare-shards.ts";
export { type ShardSettings, shardDefaults } from "./settings.ts";
export { ShardsFileError } from "./shards-file.ts";
export { openShard, type RecoveryReport, type Shard, type ShardOptions } from "./shard.ts";
export type { SelectedSeries, ShardPair, ShardReader, ShardSelection } from "./shard-reader.ts";
