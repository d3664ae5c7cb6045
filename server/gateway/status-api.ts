import { urdError } from "../model/index.ts";
import type { BuildInfo } from "../platform/telemetry/index.ts";
import { answerJson } from "./answer-stream.ts";
import type { Exchange } from "./exchange.ts";
import { badParameter, type ReadCall } from "./read-api.ts";

/**
 * Serves /api/v1/status/<what>. Nothing of the configuration is told to whoever reads metrics;
 * Grafana wants the paths to be there, and `features`, as strings, says what rule editor to show.
 */
export function serveStatus(exchange: Exchange, what: string, build: BuildInfo): Promise<void> {
  return answerJson(exchange, JSON.stringify({ status: "success", data: statusOf(what, build) }));
}

function statusOf(what: string, build: BuildInfo): unknown {
  switch (what) {
    case "buildinfo":
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
    case "config":
      return { yaml: "" };
    case "flags":
      return {};
    default:
      throw urdError("not-found", `There is no status ${what}.`);
  }
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
