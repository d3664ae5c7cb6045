import { Agent, request } from "node:http";
import type { StartedPeer } from "../../support/bench-peers.ts";
import { median } from "../report.ts";
import type { BenchQuery } from "./dashboard.ts";

/** A query with the time of the newest sample. */
export interface Asked {
  readonly query: BenchQuery;
  readonly endMs: number;
}

/** What one query took in one round. */
export interface Timing {
  /** Of the peer's process tree, per query. */
  readonly cpuSeconds: number;
  /** Median. */
  readonly wallMs: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** Asks once; returns the body. */
export async function ask(peer: StartedPeer, asked: Asked): Promise<string> {
  return Buffer.concat(await fetchPieces(peer, asked)).toString();
}

/** CPU is counted in ticks of 10 ms: a round counts at least so much. */
const cpuSecondsMin = 0.4;
/** Queries below this are small: a round counts a whole second. */
const smallCpuSeconds = 0.003;
const cpuSecondsMinOfSmall = 1;
const wallMsMax = 12_000;

/** Repeats a query until enough CPU time is counted. */
export async function timeQuery(peer: StartedPeer, asked: Asked): Promise<Timing> {
  const walls: number[] = [];
  const beganMs = performance.now();
  const before = peer.server.usage().cpuSeconds;
  for (;;) {
    const at = performance.now();
    await fetchPieces(peer, asked);
    walls.push(performance.now() - at);
    const elapsedMs = performance.now() - beganMs;
    if (walls.length % 4 !== 0 && elapsedMs < wallMsMax && elapsedMs / walls.length < 50) continue;
    const used = peer.server.usage().cpuSeconds - before;
    const isSmall = used / walls.length < smallCpuSeconds;
    const enough = used >= (isSmall ? cpuSecondsMinOfSmall : cpuSecondsMin);
    if ((enough && walls.length >= 2) || elapsedMs > wallMsMax) {
      return { cpuSeconds: used / walls.length, wallMs: median(walls) };
    }
  }
}

function fetchPieces(peer: StartedPeer, { query, endMs }: Asked): Promise<Buffer[]> {
  const end = endMs / 1000;
  const times =
    query.hours === 0
      ? { time: String(end) }
      : {
          start: String(end - query.hours * 3600),
          end: String(end),
          step: String(query.stepSeconds),
        };
  const kind = query.hours === 0 ? "query" : "query_range";
  // VictoriaMetrics keeps answers; the others have nothing to switch off.
  const parameters = new URLSearchParams({ query: query.query, ...times, nocache: "1" });
  return post(`${peer.queryUrl}/api/v1/${kind}`, parameters.toString());
}

function post(url: string, form: string): Promise<Buffer[]> {
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Length": Buffer.byteLength(form),
  };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () => resolve(pieces));
    });
    call.on("error", reject);
    call.end(form);
  });
}
