import { defaultFrontPortLimits } from "../gateway/index.ts";
import type { TenantLimits } from "../limits/index.ts";
import {
  duration,
  integer,
  oneOf,
  option,
  size,
  someOf,
  text,
  truth,
  type OptionTable,
} from "../platform/config/index.ts";
import {
  type LogFormat,
  type LogLevel,
  logFormats,
  logLevels,
} from "../platform/telemetry/index.ts";
import { limitOptions } from "./limit-options.ts";
import { type Target, targets } from "./targets.ts";

/** When an acknowledged sample is on the disk itself and not only with the kernel. */
export const walSyncModes = ["interval", "always", "os"] as const;
/** One of `walSyncModes`. */
export type WalSyncMode = (typeof walSyncModes)[number];

/** The configuration of a process, as code sees it. */
export interface Config {
  readonly process: {
    readonly target: readonly Target[];
    readonly dataDir: string;
    readonly multitenancyEnabled: boolean;
    readonly logLevel: LogLevel;
    readonly logFormat: LogFormat;
    readonly shutdownTimeoutMs: number;
  };
  readonly server: {
    readonly httpListenAddress: string;
    readonly httpListenPort: number;
    readonly firstBytesTimeoutMs: number;
    readonly headersTimeoutMs: number;
    readonly bodyTimeoutMs: number;
  };
  readonly distributor: {
    readonly inflightPushesMax: number;
    readonly inflightPushSizeBytesMax: number;
  };
  readonly ingester: {
    /** 0: by cores. */
    readonly shards: number;
    /** 0: as memory allows. */
    readonly seriesMax: number;
    readonly snapshotTailSizeBytesMin: number;
  };
  readonly wal: {
    readonly sync: WalSyncMode;
    readonly syncIntervalMs: number;
  };
  readonly blocksStorage: {
    readonly headCompactionIntervalMs: number;
  };
  readonly querier: {
    /** 0: by cores. */
    readonly workers: number;
    readonly timeoutMs: number;
    readonly samplesMax: number;
    readonly lookbackDeltaMs: number;
    readonly queriesPerTenantMax: number;
  };
  /** Of tenants that the overrides file does not name. */
  readonly limits: TenantLimits;
  readonly runtimeConfig: {
    /** Empty: none. */
    readonly file: string;
  };
  readonly selfMonitoring: {
    readonly enabled: boolean;
    readonly intervalMs: number;
  };
}

const processOptions: OptionTable<Config>["process"] = {
  target: option({
    key: "target",
    kind: someOf(targets),
    default: ["all"],
    doc: "Roles that this process runs; all of them make a complete Urd.",
  }),
  dataDir: option({
    key: "data_dir",
    kind: text,
    default: "./data",
    doc: "Directory of the write log and everything else on disk. One process at a time uses it.",
  }),
  multitenancyEnabled: option({
    key: "multitenancy_enabled",
    flag: "auth.multitenancy-enabled",
    kind: truth,
    default: false,
    doc: "Requires the header X-Scope-OrgID with every request. Without it all data belongs to the tenant anonymous.",
  }),
  logLevel: option({
    key: "log.level",
    kind: oneOf(logLevels),
    default: "info",
    doc: "Least important log lines that are written.",
  }),
  logFormat: option({
    key: "log.format",
    kind: oneOf(logFormats),
    default: "logfmt",
    doc: "Shape of the log lines on standard error.",
  }),
  shutdownTimeoutMs: option({
    key: "shutdown_timeout",
    kind: duration({ min: 0 }),
    default: 30_000,
    maturity: "advanced",
    doc: "Time after which a stop no longer waits for what is under way.",
  }),
};

const serverOptions: OptionTable<Config>["server"] = {
  httpListenAddress: option({
    key: "server.http_listen_address",
    kind: text,
    default: "127.0.0.1",
    doc: "Address of the public port. Loopback by default: there is no authentication before it.",
  }),
  httpListenPort: option({
    key: "server.http_listen_port",
    kind: integer({ min: 0, max: 65_535 }),
    default: 9009,
    doc: "Public port for HTTP/1.1, HTTP/2, gRPC, gRPC-Web and Connect. 0 takes a free one.",
  }),
  firstBytesTimeoutMs: option({
    key: "server.first_bytes_timeout",
    kind: duration({ min: 1 }),
    default: defaultFrontPortLimits.firstBytesTimeoutMs,
    maturity: "advanced",
    doc: "Time from a connection to its first bytes, after which it is closed.",
  }),
  headersTimeoutMs: option({
    key: "server.header_timeout",
    kind: duration({ min: 1 }),
    default: defaultFrontPortLimits.headersTimeoutMs,
    maturity: "advanced",
    doc: "Time from the first byte of an HTTP/1.1 request to the end of its headers.",
  }),
  bodyTimeoutMs: option({
    key: "server.request_timeout",
    kind: duration({ min: 1 }),
    default: defaultFrontPortLimits.bodyTimeoutMs,
    maturity: "advanced",
    doc: "Time for the whole body of a request to arrive; streams are excepted.",
  }),
};

const distributorOptions: OptionTable<Config>["distributor"] = {
  inflightPushesMax: option({
    key: "distributor.instance_limits.max_inflight_push_requests",
    kind: integer({ min: 0 }),
    default: 2000,
    maturity: "advanced",
    doc: "Pushes handled at once, after which further ones are refused. 0: no limit.",
  }),
  inflightPushSizeBytesMax: option({
    key: "distributor.instance_limits.max_inflight_push_requests_bytes",
    kind: size({ min: 0 }),
    default: 512 * 2 ** 20,
    maturity: "advanced",
    doc: "Bytes of pushes held at once, after which further ones are refused. 0: no limit.",
  }),
};

const ingesterOptions: OptionTable<Config>["ingester"] = {
  shards: option({
    key: "ingester.shards",
    kind: integer({ min: 0, max: 64 }),
    default: 0,
    defaultText: "half of the cores",
    maturity: "advanced",
    doc: "Ingest shards, each a thread with its own memory and log. 0: half of the cores.",
  }),
  seriesMax: option({
    key: "ingester.instance_limits.max_series",
    kind: integer({ min: 0 }),
    default: 0,
    maturity: "advanced",
    doc: "Series in memory after which new ones are refused. 0: as memory allows.",
  }),
  snapshotTailSizeBytesMin: option({
    key: "ingester.snapshot_tail_size",
    kind: size({ min: 4096 }),
    default: 256 * 2 ** 20,
    maturity: "advanced",
    doc: "Length of a shard's log behind its last snapshot from which on a new one is taken, or that snapshot's length if it is more.",
  }),
};

const walOptions: OptionTable<Config>["wal"] = {
  sync: option({
    key: "wal.sync",
    kind: oneOf(walSyncModes),
    default: "interval",
    doc: "When the write log is synced to disk: at intervals, before each acknowledgement, or when the operating system likes. None of them loses data when only the process dies.",
  }),
  syncIntervalMs: option({
    key: "wal.sync_interval",
    kind: duration({ min: 10 }),
    default: 100,
    maturity: "advanced",
    doc: "Distance of syncs with wal.sync=interval: what a power cut may cost.",
  }),
};

const blocksStorageOptions: OptionTable<Config>["blocksStorage"] = {
  headCompactionIntervalMs: option({
    key: "blocks_storage.tsdb.head_compaction_interval",
    kind: duration({ min: 1000, max: 900_000 }),
    default: 60_000,
    maturity: "advanced",
    doc: "How often it is looked whether samples in memory are to go into blocks. A tenant whose samples span more than three hours is looked at sooner.",
  }),
};

const querierOptions: OptionTable<Config>["querier"] = {
  workers: option({
    key: "querier.workers",
    kind: integer({ min: 0, max: 64 }),
    default: 0,
    defaultText: "half of the cores",
    maturity: "advanced",
    doc: "Query threads. 0: half of the cores.",
  }),
  timeoutMs: option({
    key: "querier.timeout",
    kind: duration({ min: 1 }),
    default: 120_000,
    doc: "Time after which a query fails.",
  }),
  samplesMax: option({
    key: "querier.max_samples",
    kind: integer({ min: 1 }),
    default: 50_000_000,
    doc: "Samples that one query may hold at once.",
  }),
  lookbackDeltaMs: option({
    key: "querier.lookback_delta",
    kind: duration({ min: 1 }),
    default: 300_000,
    doc: "How far back an instant selector looks for a sample.",
  }),
  queriesPerTenantMax: option({
    key: "query_scheduler.max_outstanding_requests_per_tenant",
    kind: integer({ min: 1 }),
    default: 200,
    maturity: "advanced",
    doc: "Queries of one tenant that a query thread works at or holds waiting, after which further ones are refused. A thread takes 256 of all tenants.",
  }),
};

const selfMonitoringOptions: OptionTable<Config>["selfMonitoring"] = {
  enabled: option({
    key: "self_monitoring.enabled",
    kind: truth,
    default: true,
    doc: "Writes Urd's own metrics into Urd, as the tenant anonymous, or urd with multitenancy.",
  }),
  intervalMs: option({
    key: "self_monitoring.interval",
    kind: duration({ min: 1000 }),
    default: 15_000,
    maturity: "advanced",
    doc: "Distance of samples of Urd's own metrics.",
  }),
};

const runtimeConfigOptions: OptionTable<Config>["runtimeConfig"] = {
  file: option({
    key: "runtime_config.file",
    kind: text,
    default: "",
    doc: "YAML file with limits per tenant under overrides, read again every 10 seconds.",
  }),
};

/** Every option of the server. */
export const options: OptionTable<Config> = {
  process: processOptions,
  server: serverOptions,
  distributor: distributorOptions,
  ingester: ingesterOptions,
  wal: walOptions,
  blocksStorage: blocksStorageOptions,
  querier: querierOptions,
  limits: limitOptions,
  runtimeConfig: runtimeConfigOptions,
  selfMonitoring: selfMonitoringOptions,
};
