import { Agent, request } from "node:http";
import type { StartedPeer } from "../../support/bench-peers.ts";
import { HistoryPayload, type LabelsOf } from "../../support/load/history.ts";

const seriesPerRequest = 500;
/** Two minutes a request: labels are a smaller part of it, and the series stay side by side. */
const samplesPerRequest = 8;

/** What is loaded. */
export interface History {
  readonly series: number;
  readonly hours: number;
  /** 15 s when left out. */
  readonly stepMs?: number;
  /** Those of the load's model when left out. */
  readonly labelsOf?: LabelsOf;
}

/**
 * Writes `hours` of samples of `series` series, up to now, into all peers at once; returns the
 * time of the newest sample. Throws when a peer refuses any.
 */
export async function loadHistory(
  peers: readonly StartedPeer[],
  { series, hours, stepMs: sampleStepMs = 15_000, labelsOf }: History,
): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const payloads: HistoryPayload[] = [];
  for (let from = 0; from < series; from += seriesPerRequest) {
    const count = Math.min(seriesPerRequest, series - from);
    payloads.push(
      new HistoryPayload(
        Int32Array.from({ length: count }, (_, i) => from + i),
        from + 1,
        labelsOf,
      ),
    );
  }
  const samples = Math.round((hours * 3_600_000) / sampleStepMs);
  const endMs = Math.floor(Date.now() / sampleStepMs) * sampleStepMs;
  const firstMs = endMs - (samples - 1) * sampleStepMs;
  for (let at = 0; at < samples; at += samplesPerRequest) {
    const count = Math.min(samplesPerRequest, samples - at);
    const times = Array.from({ length: count }, (_, i) => firstMs + (at + i) * sampleStepMs);
    for (const payload of payloads) {
      const body = payload.next(times);
      await Promise.all(peers.map((peer) => post(peer.writeUrl, body, agent)));
    }
  }
  agent.destroy();
  return endMs;
}

/** Posts until it is taken: a busy receiver may ask to come again. */
async function post(url: string, body: Buffer, agent: Agent): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { status, text } = await postOnce(url, body, agent);
    if (status >= 200 && status < 300) return;
    if (status < 500 && status !== 429) throw new Error(`${url} answered ${status}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${url} takes no samples`);
}

function postOnce(
  url: string,
  body: Buffer,
  agent: Agent,
): Promise<{ status: number; text: string }> {
  const headers = {
    "Content-Type": "application/x-protobuf",
    "Content-Encoding": "snappy",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
    "Content-Length": body.length,
  };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: "POST", agent, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() }),
      );
    });
    call.on("error", reject);
    call.end(body);
  });
}
