import type { MessagePort } from "node:worker_threads";
import type { LimitsState } from "../limits/index.ts";
import type { LogFormat, LogLevel } from "../platform/telemetry/index.ts";

/** What a query thread gets at its start. */
export interface QueryThreadData {
  /** `query-0`; a label of its metrics. */
  readonly name: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  readonly metricsPort: MessagePort;
  /** Folder of the process's data: sealed chunks are read from there. */
  readonly dataDir: string;
  /** The longest a query may take. */
  readonly timeoutMs: number;
  /** Most samples one query may hold; 0: no limit. */
  readonly samplesMax: number;
  readonly lookbackDeltaMs: number;
  /** Queries of one tenant that are at work or wait at once. */
  readonly queriesPerTenantMax: number;
  readonly limits: LimitsState;
}

/** What the main thread tells a query thread. */
export type QueryThreadMessage =
  /** Serve urd.query.v1.QueryService (the raw twin) on this port too. */
  | { readonly kind: "connect"; readonly port: MessagePort }
  /** One port per ingest shard, by number; they replace earlier ones. */
  | { readonly kind: "shards"; readonly ports: readonly MessagePort[] }
  /** A shard was started again. */
  | { readonly kind: "shard"; readonly shard: number; readonly port: MessagePort }
  | { readonly kind: "limits"; readonly state: LimitsState }
  /** Close everything; the thread ends by itself. */
  | { readonly kind: "stop" };
