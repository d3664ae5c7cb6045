import { availableParallelism } from "node:os";
import { urdError } from "../model/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { BuildInfo } from "../platform/telemetry/index.ts";
import { answerJson } from "./answer-stream.ts";
import type { Exchange } from "./exchange.ts";
import { features } from "./features.ts";
import { badParameter, type ReadCall } from "./read-api.ts";

/** What the process tells about itself. */
export interface StatusFacts {
  readonly build: BuildInfo;
  readonly clock: Clock;
  /** When the process began to serve, ms since the Unix epoch. */
  readonly startedMs: number;
}

/**
 * Serves what needs no tenant and no data: /api/v1/status/<what>, and the paths of things that
 * Urd does not do, such as scraping, which readers ask for all the same. Nothing of the
 * configuration is told to whoever reads metrics.
 */
export function serveStatus(exchange: Exchange, what: string, facts: StatusFacts): Promise<void> {
  const data = answers.get(what)?.(facts);
  if (data === undefined) throw urdError("not-found", `There is no ${what}.`);
  return answerJson(exchange, JSON.stringify({ status: "success", data }));
}

/** What is told, by the path below /api/v1/. */
const answers: ReadonlyMap<string, (facts: StatusFacts) => unknown> = new Map([
  ["status/buildinfo", ({ build }: StatusFacts) => buildInfo(build)],
  ["status/config", () => ({ yaml: "" })],
  ["status/flags", () => ({})],
  ["status/runtimeinfo", runtimeInfo],
  ["features", features],
  ["targets", () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} })],
  ["targets/metadata", () => []],
  ["scrape_pools", () => ({ scrapePools: [] })],
  ["alertmanagers", () => ({ activeAlertmanagers: [], droppedAlertmanagers: [] })],
  ["notifications", () => []],
]);

/** True for a path below /api/v1/ that `serveStatus` serves. */
export function isStatus(path: string): boolean {
  return answers.has(path);
}

/** Grafana reads `features`, as strings, to know which rule editor to show. */
function buildInfo(build: BuildInfo): unknown {
  return {
    application: "Urd",
    version: build.version,
    revision: build.revision,
    branch: "",
    buildUser: "",
    buildDate: "",
    goVersion: "",
    features: {
      ruler_config_api: "false",
      alertmanager_config_api: "false",
      query_sharding: "false",
      federated_rules: "false",
    },
  };
}

/** In Prometheus's form; what only a Go program has is empty. */
function runtimeInfo({ clock, startedMs }: StatusFacts): unknown {
  const startTime = new Date(startedMs).toISOString();
  return {
    startTime,
    CWD: "",
    hostname: "",
    serverTime: new Date(clock.nowMs()).toISOString(),
    reloadConfigSuccess: true,
    lastConfigTime: startTime,
    corruptionCount: 0,
    goroutineCount: 0,
    GOMAXPROCS: availableParallelism(),
    GOMEMLIMIT: 0,
    GOGC: "",
    GODEBUG: "",
    storageRetention: "",
  };
}

/** Serves /api/v1/rules: there are none yet. */
export function serveRules({ exchange, parameters }: ReadCall): Promise<void> {
  const type = parameters.first("type").toLowerCase();
  if (type !== "" && type !== "alert" && type !== "record") {
    throw badParameter("type", `not supported value ${JSON.stringify(type)}`);
  }
  return answerJson(exchange, '{"status":"success","data":{"groups":[]}}');
}

/** Serves /api/v1/alerts: there are none yet. */
export function serveAlerts({ exchange }: ReadCall): Promise<void> {
  return answerJson(exchange, '{"status":"success","data":{"alerts":[]}}');
}
