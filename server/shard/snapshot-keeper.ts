import type { ShardKernel } from "../kernel/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import type { ChunksFiles } from "./chunks/chunks-files.ts";
import type { LogRecord } from "./log/record.ts";
import type { ShardLog } from "./log/shard-log.ts";
import type { Syncer } from "./log/syncer.ts";
import { type SnapshotOnDisk, shardFolders, snapshotPath } from "./recover.ts";
import type { ShardSettings } from "./settings.ts";
import { takeSnapshot } from "./snapshot/take-snapshot.ts";

/** What the keeper of snapshots works with. */
export interface SnapshotKeeperParts {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly syncer: Syncer;
  readonly kernel: ShardKernel;
  readonly log: ShardLog;
  readonly chunks: ChunksFiles;
  readonly directory: string;
  readonly shard: number;
  readonly settings: ShardSettings;
  /** Those that are there, oldest first. */
  readonly snapshots: readonly SnapshotOnDisk[];
  records(): readonly LogRecord[];
  pause(): Promise<void>;
  onSlice(pauseMs: number): void;
}

/** Two: the newest may turn out damaged. */
const snapshotsKept = 2;
/** Longer than queries may take by default. */
const chunksFilesKeptMs = 300_000;

/**
 * Takes a snapshot whenever the log behind the last one has grown as long as it, keeps two, and
 * cuts the log up to the older one's start. So a restart reads at most about twice the state.
 */
export class SnapshotKeeper {
  readonly #parts: SnapshotKeeperParts;
  #snapshots: SnapshotOnDisk[];
  #running: Promise<boolean> | undefined;
  /** Log position before which no further try is made. */
  #notBefore = 0;
  /** Chunks files below a number were found unneeded at a time; oldest first. */
  readonly #unneeded: { readonly before: number; readonly nowMs: number }[] = [];

  constructor(parts: SnapshotKeeperParts) {
    this.#parts = parts;
    this.#snapshots = [...parts.snapshots];
  }

  /** The snapshot that is being taken. */
  get running(): Promise<void> | undefined {
    return this.#running?.then(() => undefined);
  }

  /** Starts a snapshot when it is time. */
  check(): void {
    const { log, settings } = this.#parts;
    const last = this.#snapshots.at(-1);
    const logSizeBytes = log.position - (last?.startPosition ?? 0);
    const wanted = Math.max(settings.snapshotLogSizeBytesMin, last?.sizeBytes ?? 0);
    if (this.#running !== undefined || logSizeBytes < wanted) return;
    if (log.position >= this.#notBefore) void this.take();
  }

  /** Takes a snapshot now, or waits for the one that is being taken. False when it failed. */
  take(): Promise<boolean> {
    this.#running ??= this.#take().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #take(): Promise<boolean> {
    const { log, logger, settings, directory } = this.#parts;
    // A full disk must not be asked again with every batch.
    this.#notBefore = log.position + settings.snapshotLogSizeBytesMin / 4;
    try {
      const sequence = (this.#snapshots.at(-1)?.sequence ?? 0) + 1;
      const taken = await takeSnapshot(this.#source(sequence));
      if (taken === undefined) {
        logger.warn("a snapshot was given up because the disk does not take it", { directory });
        return false;
      }
      this.#snapshots.push(taken);
      this.#dropOld();
      return true;
    } catch (error) {
      logger.error("a snapshot failed", { error, directory });
      return false;
    }
  }

  #source(sequence: number): Parameters<typeof takeSnapshot>[0] {
    const { vfs, clock, syncer, kernel, log, chunks, shard, settings } = this.#parts;
    return {
      vfs,
      clock,
      syncer,
      kernel,
      shard,
      sequence,
      directory: `${this.#parts.directory}/${shardFolders.snapshots}`,
      sliceMsMax: settings.turnMsMax,
      sliceSizeBytesMin: settings.snapshotSliceSizeBytesMin,
      chunksFile: () => chunks.file,
      position: () => log.position,
      records: () => this.#parts.records(),
      syncChunks: async () => ((await chunks.sync(syncer)) ? chunks.file : undefined),
      syncLog: async () => {
        const { position } = log;
        await log.settled();
        return log.syncedPosition >= position;
      },
      pause: () => this.#parts.pause(),
      onSlice: (pauseMs) => this.#parts.onSlice(pauseMs),
    };
  }

  #dropOld(): void {
    const { vfs, log, directory } = this.#parts;
    while (this.#snapshots.length > snapshotsKept) {
      const old = this.#snapshots.shift();
      if (old !== undefined) vfs.remove(snapshotPath(directory, old.sequence));
    }
    const oldest = this.#snapshots[0];
    if (oldest !== undefined && this.#snapshots.length === snapshotsKept) {
      log.cutBefore(oldest.startPosition);
      this.#dropChunksFiles();
    }
  }

  /**
   * Removes chunks files that neither snapshot refers to, which is more than what memory refers
   * to, after a while: readers may have been told of chunks in them.
   */
  #dropChunksFiles(): void {
    const { clock, chunks } = this.#parts;
    const nowMs = clock.monotonicMs();
    const before = Math.min(...this.#snapshots.map((one) => one.chunksFileOldest ?? 0));
    if (before > (this.#unneeded.at(-1)?.before ?? 0)) this.#unneeded.push({ before, nowMs });
    while (nowMs - (this.#unneeded[0]?.nowMs ?? nowMs) >= chunksFilesKeptMs) {
      chunks.removeBefore(this.#unneeded.shift()?.before ?? 0);
    }
  }
}
