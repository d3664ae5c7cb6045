import type { ChunksPosition, KernelStats, ShardKernel } from "../kernel/index.ts";
import type { Limits } from "../limits/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import { BatchWriter, type PushBatch, type PushOutcome, tenantRules } from "./batch-writer.ts";
import { HeadCut, type Truncation } from "./head-cut.ts";
import { type Hole, holeRecord } from "./holes.ts";
import type { LogRecord } from "./log/record.ts";
import { ShardLog } from "./log/shard-log.ts";
import type { Syncer } from "./log/syncer.ts";
import type { NewestTimes } from "./newest-times.ts";
import { type Recovered, recoverShard, shardFolders } from "./recover.ts";
import { ShardReads } from "./reads.ts";
import { ShardReader } from "./shard-reader.ts";
import type { ShardSettings } from "./settings.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";
import { SpanWatch } from "./span-watch.ts";
import { tenantRecord } from "./tenants.ts";
import { yieldTurn } from "./turn.ts";

/** What a shard is opened with. */
export interface ShardOptions {
  /** Number of the shard, from 0 on, and how many there are. */
  readonly shard: number;
  readonly shards: number;
  /** Its directory, which nobody else writes to. */
  readonly directory: string;
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly syncer: Syncer;
  readonly limits: Limits;
  readonly newest: NewestTimes | undefined;
  readonly settings: ShardSettings;
  createKernel(): ShardKernel | Promise<ShardKernel>;
  /** Told of each pause that a snapshot made, ms. */
  onSnapshotSlice?(pauseMs: number): void;
  /** Told, at most once a second, that a tenant's samples in memory span too much time. */
  onWideHead?(): void;
  /** Told of an error that spoils the kernel. The shard answers nothing any more. */
  onFatal(error: unknown): void;
}

/** How the restart went. */
export interface RecoveryReport {
  readonly recordsReplayed: number;
  readonly tookMs: number;
  /** Ranges in which samples were found to be lost, new ones only. */
  readonly holesFound: number;
}

/**
 * One ingest shard: the part of every tenant's series that one thread owns, with its kernel, its
 * log, its chunks files and its snapshots.
 */
export interface Shard {
  readonly recovery: RecoveryReport;
  /** Reads its series. */
  readonly reader: ShardReader;
  /** Bytes ever written to the log. */
  readonly logPosition: number;
  /** False while the log cannot be written and batches are refused. */
  readonly isWell: boolean;
  /** Stores a batch; resolves when the log holds it. Rejects with an UrdError. */
  push(batch: PushBatch): Promise<PushOutcome>;
  /** Counts of one tenant; undefined when the shard never heard of it. */
  tenantStats(tenant: string): KernelStats | undefined;
  totalStats(): KernelStats & { readonly sizeBytes: number };
  /** Counts of all tenants that have series, and of those that ever had. */
  heads(): readonly TenantHead[];
  /**
   * Closes a tenant's chunks before a time, in turns, and returns the position before which they
   * lie. Rejects with shard-unavailable when the shard stops meanwhile.
   */
  seal(tenant: string, beforeMs: number): Promise<ChunksPosition>;
  /** Drops what a block holds, in turns, when all reads that have begun are over. */
  truncate(truncation: Truncation): Promise<void>;
  /** Writes down that samples were lost; queries are told from now on. */
  addHole(hole: Hole): void;
  /** Syncs the log; false when the disk does not let it. */
  sync(): Promise<boolean>;
  /** Takes a snapshot now; false when the disk did not let it. */
  takeSnapshot(): Promise<boolean>;
  /** Refuses new batches, syncs the log and closes all files. */
  close(): Promise<void>;
}

/** What is in memory of a tenant. */
export interface TenantHead {
  readonly tenant: string;
  readonly stats: KernelStats;
}

/** Opens a shard: brings its state back and begins to take batches. */
export async function openShard(options: ShardOptions): Promise<Shard> {
  const startMs = options.clock.monotonicMs();
  const recovered = await recoverShard({
    ...options,
    createKernel: () => options.createKernel(),
    introduce: (kernel, tenant) => {
      kernel.setTenant(tenant.index, tenantRules(options.limits, tenant.name, options.shards));
      tenant.limitsEpoch = options.limits.epoch;
    },
    pause: yieldTurn,
  });
  publishNewest(options, recovered);
  return new OpenShard(options, recovered, {
    recordsReplayed: recovered.recordsReplayed,
    tookMs: options.clock.monotonicMs() - startMs,
    holesFound: recovered.newHoles.length,
  });
}

function publishNewest({ newest }: ShardOptions, { tenants, kernel }: Recovered): void {
  if (newest === undefined) return;
  for (const tenant of tenants.all) {
    const newestMs = kernel.stats(tenant.index).maxTimeMs;
    if (newestMs !== undefined) newest.raise(tenant.name, newestMs);
  }
}

class OpenShard implements Shard {
  readonly recovery: RecoveryReport;
  readonly reader: ShardReader;
  readonly #recovered: Recovered;
  /** Records that stand before the next batch. */
  readonly #unlogged: LogRecord[];
  readonly #log: ShardLog;
  readonly #writer: BatchWriter;
  readonly #keeper: SnapshotKeeper;
  readonly #cut: HeadCut;

  constructor(options: ShardOptions, recovered: Recovered, recovery: RecoveryReport) {
    const { kernel, chunks, tenants, holes } = recovered;
    this.recovery = recovery;
    this.#recovered = recovered;
    this.#unlogged = recovered.newHoles.map(holeRecord);
    this.#log = new ShardLog({
      ...options,
      directory: `${options.directory}/${shardFolders.log}`,
      settings: options.settings.log,
      segments: recovered.log.segments,
      position: recovered.log.position,
    });
    const log = this.#log;
    this.#keeper = new SnapshotKeeper({
      ...options,
      kernel,
      chunks,
      log,
      snapshots: recovered.snapshots,
      records: () => [...tenants.all.map(tenantRecord), ...holes.all.map(holeRecord)],
      pause: yieldTurn,
      onSlice: (pauseMs) => options.onSnapshotSlice?.(pauseMs),
    });
    const reads = new ShardReads(options.clock);
    this.#cut = new HeadCut({
      ...options,
      kernel,
      chunks,
      tenants,
      reads,
      snapshotDone: () => this.#keeper.running,
    });
    const watch = new SpanWatch(kernel, options.clock, () => options.onWideHead?.());
    this.#writer = new BatchWriter({
      ...options,
      kernel,
      chunks,
      tenants,
      log,
      unlogged: this.#unlogged,
      onStored: (tenant) => watch.note(tenant),
      afterGroup: () => {
        this.#keeper.check();
        watch.check();
      },
      onFatal: (error) => options.onFatal(error),
    });
    this.reader = new ShardReader({ ...options, kernel, chunks, tenants, holes, reads });
  }

  get logPosition(): number {
    return this.#log.position;
  }

  get isWell(): boolean {
    return this.#log.isWell;
  }

  push(batch: PushBatch): Promise<PushOutcome> {
    return this.#writer.push(batch);
  }

  tenantStats(tenant: string): KernelStats | undefined {
    const found = this.#recovered.tenants.find(tenant);
    return found && this.#recovered.kernel.stats(found.index);
  }

  totalStats(): KernelStats & { readonly sizeBytes: number } {
    return this.#recovered.kernel.totalStats();
  }

  heads(): readonly TenantHead[] {
    const { kernel, tenants } = this.#recovered;
    return tenants.all.map(({ name, index }) => ({ tenant: name, stats: kernel.stats(index) }));
  }

  seal(tenant: string, beforeMs: number): Promise<ChunksPosition> {
    return this.#cut.seal(tenant, beforeMs);
  }

  truncate(truncation: Truncation): Promise<void> {
    return this.#cut.truncate(truncation);
  }

  addHole(hole: Hole): void {
    this.#recovered.holes.add(hole);
    this.#unlogged.push(holeRecord(hole));
  }

  async sync(): Promise<boolean> {
    if (!this.#log.append(this.#unlogged)) return false;
    this.#unlogged.length = 0;
    await this.#log.settled();
    return this.#log.syncedPosition === this.#log.position;
  }

  takeSnapshot(): Promise<boolean> {
    return this.#keeper.take();
  }

  async close(): Promise<void> {
    this.#writer.stop();
    this.#cut.close();
    this.reader.close();
    await this.#log.close();
    this.#recovered.chunks.close();
  }
}
