/**
 * Mutated write requests against the real program: it must not crash, not store what no request
 * said, not grow, and answer nothing but 2xx and 4xx. The number of requests is set by
 * URD_HOSTILE_REQUESTS (the long suite runs 200,000).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { compress, uncompress } from "snappyjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LabelSchema, WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import { type Prng, seededPrng } from "../../server/platform/base/index.ts";
import { type StartedPeer, startPeer } from "../support/bench-peers.ts";
import { seriesText } from "./ledger.ts";

const requests = Number(process.env["URD_HOSTILE_REQUESTS"] ?? 10_000);
const rounds = 10;
const seed = Number(process.env["URD_SEED"] ?? 20_261_123);

let urd: StartedPeer;
const dir = mkdtempSync(join(tmpdir(), "urd-hostile-"));

beforeAll(async () => {
  urd = await startPeer("urd", [
    "--auth.multitenancy-enabled=true",
    "--server.first-bytes-timeout=1s",
    "--server.header-timeout=2s",
    "--server.request-timeout=3s",
  ]);
});

afterAll(async () => {
  await urd?.remove();
  rmSync(dir, { recursive: true, force: true });
});

describe(`hostile writes, seed ${seed}`, () => {
  test(`${requests} mutated requests leave the process and its data as they should be`, async () => {
    const allowed = new Set<string>();
    const rss: number[] = [];
    const statuses = new Map<number, number>();
    await canary();
    for (let round = 0; round < rounds; round++) {
      // The same requests each time: what grows then is a leak, not series that are new.
      await sendRound(seededPrng(seed), allowed, statuses);
      rss.push(urd.server.usage().rssBytes);
    }
    console.log(
      `statuses ${JSON.stringify([...statuses])}, RSS by round ${rss.map((x) => Math.round(x / 2 ** 20)).join(" ")} MiB`,
    );
    expect([...statuses.keys()].filter((status) => status === 0 || status >= 500)).toEqual([]);
    expect(statuses.get(204) ?? 0).toBeGreaterThan(0);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(0);
    await expectCanary();
    const stored = await storedSeries("hostile");
    expect(stored.filter((series) => !allowed.has(series))).toEqual([]);
    expect((rss[9] as number) / (rss[1] as number)).toBeLessThan(requests >= 200_000 ? 1.02 : 1.2);
  }, 900_000);

  test("silent, slow and half-open connections are cut", async () => {
    const { hostname, port } = new URL(urd.server.url);
    const cut = (first: string): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connect({ host: hostname, port: Number(port) });
        socket.on("error", () => resolve(true));
        socket.on("close", () => resolve(true));
        socket.on("data", () => undefined);
        socket.write(first);
        setTimeout(() => resolve(false), 15_000).unref();
      });
    const header = "POST /api/v1/push HTTP/1.1\r\nHost: x\r\nX-Scope-OrgID: slow\r\n";
    const outcomes = await Promise.all([
      cut(""),
      cut("P"),
      cut("PRI * HTTP/2.0\r\n"),
      cut("GET /ready HTTP/1.1\r\nHost: x\r\nX-Slow: "),
      cut(`${header}Content-Length: 100000\r\n\r\nabc`),
      cut(`${header}Transfer-Encoding: chunked\r\n\r\n5\r\nabc`),
    ]);
    expect(outcomes).toEqual([true, true, true, true, true, true]);
    expect((await fetch(`${urd.server.url}/ready`)).status).toBe(200);
  }, 30_000);
});

/** A valid request of a few series, some with several samples. */
function validBody(prng: Prng): Uint8Array {
  const timeseries = Array.from({ length: 1 + prng.below(6) }, () => ({
    labels: [
      { name: "__name__", value: `hostile_${prng.below(20)}` },
      { name: "instance", value: `i${prng.below(20)}` },
      { name: "job", value: "fuzz" },
    ],
    samples: Array.from({ length: 1 + prng.below(3) }, (_, i) => ({
      value: prng.next() * 1000,
      timestamp: BigInt(canaryMs - 60_000 + i * 1000 + prng.below(1000)),
    })),
  }));
  return toBinary(WriteRequestSchema, create(WriteRequestSchema, { timeseries }));
}

/** Changes bytes, cuts, doubles, inserts, or lies about a length. */
function mutate(bytes: Uint8Array, prng: Prng): Uint8Array {
  let result = Buffer.from(bytes);
  for (let i = 1 + prng.below(4); i > 0 && result.length > 0; i--) {
    const at = prng.below(result.length);
    switch (prng.below(6)) {
      case 0:
        result[at] = prng.below(256);
        break;
      case 1:
        result = result.subarray(0, at);
        break;
      case 2:
        result = Buffer.concat([result.subarray(0, at), result.subarray(prng.below(at + 1))]);
        break;
      case 3:
        result = Buffer.concat([
          result.subarray(0, at),
          Buffer.alloc(prng.below(20), 0xff),
          result.subarray(at),
        ]);
        break;
      case 4:
        result[at] = (result[at] as number) ^ (1 << prng.below(8));
        break;
      default:
        result[at] = [0, 0x7f, 0x80, 0xff][prng.below(4)] as number;
    }
  }
  return result;
}

/** Bodies by kind: valid, mutated before compression, mutated after it, bombs and lies. */
function hostileBody(prng: Prng, allowed: Set<string>): Buffer {
  const raw = validBody(prng);
  switch (prng.below(8)) {
    case 0:
      allow(raw, allowed);
      return Buffer.from(compress(raw));
    case 1:
      return Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, ...compress(raw).subarray(0, 20)]);
    case 2: {
      const body = mutate(compress(raw), prng);
      allowCompressed(body, allowed);
      return Buffer.from(body);
    }
    default: {
      const changed = mutate(raw, prng);
      allow(changed, allowed);
      return Buffer.from(compress(changed));
    }
  }
}

/** Notes the series of a request that may be stored: those with samples and labels in UTF-8. */
function allow(raw: Uint8Array, allowed: Set<string>): void {
  try {
    const found: string[] = [];
    const reader = new BinaryReader(raw);
    while (reader.pos < reader.len) {
      const [field, type] = reader.tag();
      if (field !== 1 || type !== WireType.LengthDelimited) reader.skip(type, field);
      else found.push(...storableSeries(reader.bytes()));
    }
    for (const text of found) allowed.add(text);
  } catch {
    // Not a message: nothing of it may be stored.
  }
}

/** Text of a TimeSeries; none when it has no sample or a label that is not UTF-8. */
function storableSeries(body: Uint8Array): string[] {
  const reader = new BinaryReader(body);
  const labels: Uint8Array[] = [];
  let samples = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === WireType.LengthDelimited) labels.push(reader.bytes());
    else reader.skip(type, field);
    if (field === 2) samples++;
  }
  try {
    const pairs = labels.map((label) => fromBinary(LabelSchema, label));
    return samples === 0
      ? []
      : [seriesText(pairs.map(({ name, value }) => [name, value] as const))];
  } catch {
    return [];
  }
}

function allowCompressed(body: Uint8Array, allowed: Set<string>): void {
  try {
    // The declared size is checked first: a lie of gigabytes must not be believed here either.
    let declared = 0;
    for (let i = 0, shift = 0; i < 5; i++, shift += 7) {
      declared += ((body[i] ?? 0) & 0x7f) * 2 ** shift;
      if (((body[i] ?? 0) & 0x80) === 0) break;
    }
    if (declared < 1 << 20) allow(new Uint8Array(uncompress(body)), allowed);
  } catch {
    // Not a snappy block.
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

async function sendRound(
  prng: Prng,
  allowed: Set<string>,
  statuses: Map<number, number>,
): Promise<void> {
  let left = Math.ceil(requests / rounds);
  const lane = async (): Promise<void> => {
    while (left-- > 0) {
      const status = await post("hostile", hostileBody(prng, allowed));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

function post(tenant: string, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const call = request(
      urd.writeUrl,
      {
        agent,
        method: "POST",
        headers: {
          "Content-Type": "application/x-protobuf",
          "Content-Encoding": "snappy",
          "Content-Length": body.length,
          "X-Scope-OrgID": tenant,
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", () => resolve(0));
      },
    );
    call.on("error", () => resolve(0));
    call.end(body);
  });
}

const canaryMs = Date.now() - 30_000;

async function canary(): Promise<void> {
  const labels = [{ name: "__name__", value: "canary" }];
  const samples = [{ value: 42.5, timestamp: BigInt(canaryMs) }];
  const message = create(WriteRequestSchema, { timeseries: [{ labels, samples }] });
  expect(await post("canary", Buffer.from(compress(toBinary(WriteRequestSchema, message))))).toBe(
    204,
  );
}

interface Answer<T> {
  readonly data: T;
}

async function get<T>(path: string, tenant: string): Promise<T> {
  const response = await fetch(`${urd.queryUrl}${path}`, { headers: { "X-Scope-OrgID": tenant } });
  return ((await response.json()) as Answer<T>).data;
}

async function expectCanary(): Promise<void> {
  const query = `/api/v1/query?query=${encodeURIComponent('{__name__=~".+"}')}&time=${canaryMs / 1000}`;
  const data = await get<{ result: { metric: object; value: [number, string] }[] }>(
    query,
    "canary",
  );
  expect(data.result).toEqual([
    { metric: { __name__: "canary" }, value: [canaryMs / 1000, "42.5"] },
  ]);
}

async function storedSeries(tenant: string): Promise<string[]> {
  const path = `/api/v1/series?match[]=${encodeURIComponent('{__name__=~".+"}')}&start=1`;
  const series = await get<Record<string, string>[]>(path, tenant);
  return series.map((labels) => seriesText(Object.entries(labels)));
}
