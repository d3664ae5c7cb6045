import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { once } from "node:events";
import { fromBinary } from "@bufbuild/protobuf";
import { uncompress } from "snappyjs";
import { RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";

/** Samples by time, values as bits, so that NaN payloads and -0 stay what they are. */
export type SampleBits = Map<number, bigint>;

/** Series text (sorted name="value" pairs) to its samples. */
export type SeriesSamples = Map<string, SampleBits>;

/** A text that is equal exactly for equal label sets. */
export function seriesText(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join(",");
}

const scratch = new DataView(new ArrayBuffer(8));

/** The 64 bits of a double. */
export function bitsOf(value: number): bigint {
  scratch.setFloat64(0, value);
  return scratch.getBigUint64(0);
}

interface Batch {
  readonly pairs: [string, string][];
  readonly samples: readonly { readonly timeMs: number; readonly bits: bigint }[];
}

/** Decodes a remote write body with libraries of others: the ledger must not share our mistakes. */
function decodeBody(body: Buffer, contentType: string): Batch[] {
  const raw = new Uint8Array(uncompress(body));
  const bits = valueBits(raw);
  if (contentType.includes("io.prometheus.write.v2.Request")) {
    const message = fromBinary(RequestSchema, raw);
    const text = (ref: number | undefined): string => message.symbols[ref ?? 0] ?? "";
    return message.timeseries.map((series) => ({
      pairs: Array.from({ length: series.labelsRefs.length / 2 }, (_, i): [string, string] => [
        text(series.labelsRefs[2 * i]),
        text(series.labelsRefs[2 * i + 1]),
      ]),
      samples: series.samples.map((sample) => ({
        timeMs: Number(sample.timestamp),
        bits: bits(sample.value),
      })),
    }));
  }
  return fromBinary(WriteRequestSchema, raw).timeseries.map((series) => ({
    pairs: series.labels.map((label): [string, string] => [label.name, label.value]),
    samples: series.samples.map((sample) => ({
      timeMs: Number(sample.timestamp),
      bits: bits(sample.value),
    })),
  }));
}

const staleBits = 0x7ff0000000000002n;
const ordinaryNaNBits = 0x7ff8000000000001n;

/**
 * JavaScript may change the payload of a NaN on its way through a message object, so a NaN is
 * looked up in the raw bytes: a request that holds the staleness marker and no ordinary NaN can
 * only mean the marker, and the other way round. Both in one request is told apart by order.
 */
function valueBits(raw: Uint8Array): (value: number) => bigint {
  const found: bigint[] = [];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  for (let i = 0; i + 9 <= raw.length; i++) {
    if (raw[i] !== 0x09 || raw[i + 8] !== 0x7f) continue;
    const bits = view.getBigUint64(i + 1, true);
    if (bits === staleBits || bits === ordinaryNaNBits) found.push(bits);
  }
  let next = 0;
  return (value) => (Number.isNaN(value) ? (found[next++] ?? staleBits) : bitsOf(value));
}

/** What was acknowledged, by tenant. */
export interface Ledger {
  readonly acknowledged: Map<string, SeriesSamples>;
  /** Requests answered with 2xx, and requests answered otherwise or not at all. */
  readonly counts: { acknowledged: number; refused: number; broken: number };
}

/** A proxy before the write address that notes each sample of each acknowledged request. */
export interface LedgerProxy extends Ledger {
  readonly port: number;
  /** Runs right after each acknowledged request. */
  onAcknowledged: (() => void) | undefined;
  close(): Promise<void>;
}

/** Starts a proxy that passes `POST <path>` on to the same path of `target`. */
export async function startLedgerProxy(target: { port: number }): Promise<LedgerProxy> {
  const acknowledged = new Map<string, SeriesSamples>();
  const counts = { acknowledged: 0, refused: 0, broken: 0 };
  const server: Server = createServer((incoming, outgoing) => {
    void handle(incoming, outgoing);
  });
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const answer = await pass(incoming, body, target.port);
    if (answer === undefined) {
      counts.broken++;
      outgoing.writeHead(503).end("not reachable");
      return;
    }
    if (answer.status >= 200 && answer.status < 300) {
      counts.acknowledged++;
      note(
        acknowledged,
        String(incoming.headers["x-scope-orgid"] ?? "anonymous"),
        decodeBody(body, String(incoming.headers["content-type"])),
      );
      proxy.onAcknowledged?.();
    } else counts.refused++;
    outgoing.writeHead(answer.status, answer.headers).end(answer.text);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const proxy: LedgerProxy = {
    acknowledged,
    counts,
    port,
    onAcknowledged: undefined,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

function pass(incoming: IncomingMessage, body: Buffer, port: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const headers = {
      ...incoming.headers,
      host: `127.0.0.1:${port}`,
      "content-length": String(body.length),
    };
    const call = request(
      { host: "127.0.0.1", port, method: "POST", path: incoming.url ?? "/", headers, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          text += part;
        });
        response.on("error", () => resolve(undefined));
        response.on("end", () => {
          const written = Object.entries(response.headers).filter(([name]) =>
            name.startsWith("x-prometheus"),
          );
          const kept = Object.fromEntries(written.map(([name, value]) => [name, String(value)]));
          resolve({ status: response.statusCode ?? 0, headers: kept, text });
        });
      },
    );
    call.on("error", () => resolve(undefined));
    call.end(body);
  });
}

function note(ledger: Map<string, SeriesSamples>, tenant: string, batches: readonly Batch[]): void {
  const known = ledger.get(tenant) ?? new Map<string, SampleBits>();
  ledger.set(tenant, known);
  for (const batch of batches) {
    if (batch.samples.length === 0) continue;
    const text = seriesText(batch.pairs);
    const samples = known.get(text) ?? new Map<number, bigint>();
    known.set(text, samples);
    for (const sample of batch.samples) samples.set(sample.timeMs, sample.bits);
  }
}
