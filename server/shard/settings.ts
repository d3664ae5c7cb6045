import type { ChunksSettings } from "./chunks/chunks-files.ts";
import type { ShardLogSettings } from "./log/shard-log.ts";

const mebibyte = 2 ** 20;

/** Sizes and times of a shard. */
export interface ShardSettings {
  readonly log: ShardLogSettings;
  readonly chunks: ChunksSettings;
  /** A snapshot starts when the log behind the last one is as long as it, and at least this. */
  readonly snapshotLogSizeBytesMin: number;
  /** Slices of a snapshot are not cut smaller, however long they take. */
  readonly snapshotSliceSizeBytesMin: number;
  /** Longest time that a snapshot or a query holds up the batches behind it. */
  readonly turnMsMax: number;
  /** Payload bytes that one kernel call takes. */
  readonly windowSizeBytesMax: number;
  /** Batches that may wait; more are refused. */
  readonly batchesWaitingMax: number;
}

/** Settings of a shard in production. */
export const shardDefaults: ShardSettings = {
  log: {
    syncMode: "interval",
    syncIntervalMs: 100,
    segmentSizeBytesMax: 128 * mebibyte,
    unsyncedSizeBytesMax: 64 * mebibyte,
    retryIntervalMs: 200,
  },
  chunks: { fileSizeBytesMax: 512 * mebibyte, waitingSizeBytesMax: 64 * mebibyte },
  snapshotLogSizeBytesMin: 256 * mebibyte,
  snapshotSliceSizeBytesMin: 4096,
  turnMsMax: 2,
  windowSizeBytesMax: mebibyte,
  batchesWaitingMax: 10_000,
};
