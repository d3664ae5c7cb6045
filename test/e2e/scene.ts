import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { peerOrSkip } from "../support/debian-peers.ts";
import { freePort, type RunningServer, startServer } from "../support/process.ts";
import { type LedgerProxy, startLedgerProxy } from "./ledger.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** Tenants of the scene: one is written with remote write 1.0, the other with 2.0. */
export const sceneTenants = ["writer-one", "writer-two"] as const;

/** The programs that the scene needs, or undefined where they are not to be had. */
export interface ScenePrograms {
  readonly prometheus: string;
  readonly nodeExporter: string;
}

/** Finds Prometheus and node-exporter; says why when the tests have to be skipped. */
export function scenePrograms(): ScenePrograms | undefined {
  const prometheus = peerOrSkip("prometheus");
  const nodeExporter = peerOrSkip("prometheus-node-exporter");
  if (prometheus === undefined || nodeExporter === undefined) return undefined;
  return { prometheus, nodeExporter };
}

/** What a scene is made with. */
export interface SceneOptions {
  readonly urdFlags: readonly string[];
  /** Prometheus scrapes native histograms and writes them. */
  readonly nativeHistograms: boolean;
}

/**
 * A real Prometheus that scrapes itself, node-exporter and Urd every second and writes what it
 * scrapes to Urd twice, for two tenants, through a proxy that notes what was acknowledged.
 */
export class Scene {
  readonly dir: string;
  readonly prometheus: RunningServer;
  readonly proxy: LedgerProxy;
  readonly urdPort: number;
  readonly #nodeExporter: RunningServer;
  #urd: RunningServer;

  private constructor(parts: {
    dir: string;
    prometheus: RunningServer;
    nodeExporter: RunningServer;
    proxy: LedgerProxy;
    urd: RunningServer;
    urdPort: number;
  }) {
    this.dir = parts.dir;
    this.prometheus = parts.prometheus;
    this.proxy = parts.proxy;
    this.urdPort = parts.urdPort;
    this.#nodeExporter = parts.nodeExporter;
    this.#urd = parts.urd;
  }

  /** Starts everything. */
  static async start(programs: ScenePrograms, options: SceneOptions): Promise<Scene> {
    const dir = mkdtempSync(join(tmpdir(), "urd-scene-"));
    const urdPort = await freePort();
    const urd = await startUrd(dir, urdPort, options.urdFlags);
    const proxy = await startLedgerProxy({ port: urdPort });
    const nodePort = await freePort();
    const nodeExporter = await startServer({
      command: programs.nodeExporter,
      args: [`--web.listen-address=127.0.0.1:${nodePort}`],
      url: `http://127.0.0.1:${nodePort}`,
      readyPath: "/",
      logFile: join(dir, "node-exporter.log"),
    });
    const prometheus = await startPrometheus(programs.prometheus, dir, {
      nodePort,
      urdPort,
      proxyPort: proxy.port,
      nativeHistograms: options.nativeHistograms,
    });
    return new Scene({ dir, prometheus, nodeExporter, proxy, urd, urdPort });
  }

  get dataDir(): string {
    return join(this.dir, "data");
  }

  get urdUrl(): string {
    return `http://127.0.0.1:${this.urdPort}`;
  }

  /** Kills Urd at once and starts it again on its data. */
  async killAndRestart(urdFlags: readonly string[]): Promise<void> {
    await this.#urd.kill("SIGKILL");
    this.#urd = await startUrd(this.dir, this.urdPort, urdFlags);
  }

  /** Stops Prometheus in order, so that it sends what it still holds. */
  async stopPrometheus(): Promise<void> {
    await this.prometheus.kill("SIGTERM");
    await delay(200);
  }

  /** Kills Urd for good. */
  async killUrd(): Promise<void> {
    await this.#urd.kill("SIGKILL");
  }

  /** Stops everything and removes the files. */
  async end(): Promise<void> {
    await Promise.all([
      this.prometheus.kill("SIGKILL"),
      this.#nodeExporter.kill("SIGKILL"),
      this.#urd.kill("SIGKILL"),
    ]);
    await this.proxy.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

function startUrd(dir: string, port: number, flags: readonly string[]): Promise<RunningServer> {
  return startServer({
    command: process.execPath,
    args: [
      join(checkout, "dist/urd.mjs"),
      `--server.http-listen-port=${port}`,
      `--data-dir=${join(dir, "data")}`,
      "--auth.multitenancy-enabled=true",
      "--self-monitoring.enabled=false",
      ...flags,
    ],
    url: `http://127.0.0.1:${port}`,
    readyPath: "/ready",
    logFile: join(dir, "urd.log"),
  });
}

interface PrometheusOptions {
  readonly nodePort: number;
  readonly urdPort: number;
  readonly proxyPort: number;
  readonly nativeHistograms: boolean;
}

async function startPrometheus(
  command: string,
  dir: string,
  options: PrometheusOptions,
): Promise<RunningServer> {
  const port = await freePort();
  mkdirSync(join(dir, "prometheus"), { recursive: true });
  const config = join(dir, "prometheus.yml");
  writeFileSync(config, prometheusConfig(port, options));
  return startServer({
    command,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(dir, "prometheus")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
      ...(options.nativeHistograms ? ["--enable-feature=native-histograms"] : []),
    ],
    url: `http://127.0.0.1:${port}`,
    readyPath: "/-/ready",
    logFile: join(dir, "prometheus.log"),
  });
}

function prometheusConfig(port: number, options: PrometheusOptions): string {
  const job = (name: string, target: number): string =>
    `  - job_name: ${name}\n    static_configs: [{targets: ["127.0.0.1:${target}"]}]\n`;
  const write = (tenant: string, message: string): string =>
    `  - url: http://127.0.0.1:${options.proxyPort}/api/v1/push
    protobuf_message: ${message}
    send_native_histograms: ${options.nativeHistograms}
    headers: {X-Scope-OrgID: ${tenant}}
    queue_config: {batch_send_deadline: 500ms, min_backoff: 30ms, max_backoff: 200ms, max_shards: 4}
`;
  return [
    "global: {scrape_interval: 1s, scrape_timeout: 1s}\n",
    "scrape_configs:\n",
    job("prometheus", port),
    job("node", options.nodePort),
    job("urd", options.urdPort),
    "remote_write:\n",
    write(sceneTenants[0], "prometheus.WriteRequest"),
    write(sceneTenants[1], "io.prometheus.write.v2.Request"),
  ].join("");
}
