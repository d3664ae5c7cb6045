import type { MessagePort } from "node:worker_threads";
import type { LimitsState } from "../limits/index.ts";
import type { LogFormat, LogLevel } from "../platform/telemetry/index.ts";
import type { SyncMode } from "../shard/index.ts";

/** What a shard's thread is started with: its workerData. */
export interface ShardThreadData {
  /** Name of the thread; a label of its metrics. */
  readonly name: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** Asked for the thread's metrics. */
  readonly metricsPort: MessagePort;
  /** Number of the shard, from 0 on, and how many there are. */
  readonly shard: number;
  readonly shards: number;
  readonly dataDir: string;
  readonly walSync: SyncMode;
  readonly walSyncIntervalMs: number;
  /** Series that the shard may hold, all tenants together; 0: what its memory allows. */
  readonly seriesMax: number;
  /** Length of the log from which on a snapshot is taken. */
  readonly snapshotTailSizeBytesMin: number;
  readonly limits: LimitsState;
  /** Shared by all shards; see `newestTimesMemory`. */
  readonly newestTimes: SharedArrayBuffer;
  /** Shared with the background thread; see `HeadSignal`. */
  readonly headSignal: SharedArrayBuffer;
  /** The thread that syncs files listens at the other end. */
  readonly syncPort: MessagePort;
  /** Where the compiled kernel lies. */
  readonly kernelUrl: string;
}

/** What the background thread is started with: its workerData. */
export interface BackgroundThreadData {
  /** Name of the thread; a label of its metrics. */
  readonly name: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** Asked for the thread's metrics. */
  readonly metricsPort: MessagePort;
  /** How many shards there are: nothing is cut before all are connected. */
  readonly shards: number;
  readonly dataDir: string;
  /** Time between two looks at the heads. */
  readonly headCompactionIntervalMs: number;
  /** Raised by shards; see `HeadSignal`. */
  readonly headSignal: SharedArrayBuffer;
}

/** What the main thread tells the background thread. */
export type BackgroundThreadMessage =
  /** A port to a shard; it replaces an earlier one. */
  | { readonly kind: "shard"; readonly shard: number; readonly port: MessagePort }
  /** A port on which nothing is served: every thread of a group gets one. */
  | { readonly kind: "connect"; readonly port: MessagePort }
  | { readonly kind: "limits" }
  /** Give up what is under way; the thread ends by itself. */
  | { readonly kind: "stop" };
