import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { peer } from "./debian-peers.ts";
import { freePort, type RunningServer, startServer } from "./process.ts";

/** Systems that benchmarks compare. */
export type BenchPeer = "urd" | "prometheus" | "victoriametrics";

/** A started system with the addresses that benchmarks need. */
export interface StartedPeer {
  readonly name: BenchPeer;
  readonly server: RunningServer;
  readonly writeUrl: string;
  readonly queryUrl: string;
  readonly dir: string;
  /** Starts it again on the same data after it was killed. */
  restart(extraArgs?: readonly string[]): Promise<StartedPeer>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** Reason why a system cannot run here, or undefined. */
export function missingPeer(name: BenchPeer): string | undefined {
  if (name === "urd") return undefined;
  const found = peer(name === "prometheus" ? "prometheus" : "victoria-metrics");
  return "path" in found ? undefined : found.reason;
}

/** Starts a system on an empty data directory of its own. */
export async function startPeer(
  name: BenchPeer,
  extraArgs: readonly string[] = [],
): Promise<StartedPeer> {
  const dir = mkdtempSync(join(tmpdir(), `urd-bench-${name}-`));
  return startOn(name, dir, extraArgs);
}

async function startOn(
  name: BenchPeer,
  dir: string,
  extraArgs: readonly string[],
): Promise<StartedPeer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { command, args, paths } = commandOf(name, dir, port);
  const server = await startServer({
    command,
    args: [...args, ...extraArgs],
    url,
    readyPath: paths.ready,
    logFile: join(dir, "log"),
    readyTimeoutMs: 300_000,
  });
  return {
    name,
    server,
    writeUrl: `${url}${paths.write}`,
    queryUrl: `${url}${paths.query}`,
    dir,
    restart: (more) => startOn(name, dir, more ?? extraArgs),
    async remove() {
      await server.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly paths: { readonly ready: string; readonly write: string; readonly query: string };
}

function commandOf(name: BenchPeer, dir: string, port: number): Invocation {
  switch (name) {
    case "urd":
      return {
        command: process.execPath,
        args: [
          join(checkout, "dist/urd.mjs"),
          `--server.http-listen-port=${port}`,
          `--data-dir=${join(dir, "data")}`,
          "--self-monitoring.enabled=false",
        ],
        paths: { ready: "/ready", write: "/api/v1/push", query: "/prometheus" },
      };
    case "prometheus":
      mkdirSync(join(dir, "data"), { recursive: true });
      writeFileSync(
        join(dir, "prometheus.yml"),
        "storage:\n  tsdb:\n    out_of_order_time_window: 2h\n",
      );
      return {
        command: binary("prometheus"),
        args: [
          `--config.file=${join(dir, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(dir, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
          "--web.enable-remote-write-receiver",
          "--storage.tsdb.retention.time=60d",
          "--log.level=error",
        ],
        paths: { ready: "/-/ready", write: "/api/v1/write", query: "" },
      };
    case "victoriametrics":
      return {
        command: binary("victoria-metrics"),
        args: [
          `-storageDataPath=${join(dir, "data")}`,
          `-httpListenAddr=127.0.0.1:${port}`,
          "-retentionPeriod=1y",
          "-search.latencyOffset=0s",
          "-search.maxUniqueTimeseries=5000000",
          "-loggerLevel=ERROR",
        ],
        paths: { ready: "/health", write: "/api/v1/write", query: "" },
      };
  }
}

function binary(name: "prometheus" | "victoria-metrics"): string {
  const found = peer(name);
  if ("reason" in found) throw new Error(found.reason);
  return found.path;
}
