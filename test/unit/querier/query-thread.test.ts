import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ResultFormat } from "../../../gen/urd/query/v1/query_pb.ts";
import { multitenantDefaults } from "../../../server/limits/index.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import { crc32c } from "../../../server/platform/encoding/index.ts";
import {
  type Channel,
  createClient,
  openPortChannel,
  RawQueryService,
  type ServiceClient,
} from "../../../server/platform/rpc/index.ts";
import type { QueryThreadData, QueryThreadMessage } from "../../../server/querier/index.ts";
import { chunksFilePath } from "../../../server/shard/index.ts";
import { chunkOf, type FakeShard, serveFakeShard } from "../../support/fake-shard.ts";

interface Thread {
  readonly worker: Worker;
  readonly client: ServiceClient<typeof RawQueryService>;
  send(message: QueryThreadMessage, ports: readonly MessagePort[]): void;
}

let dataDir = "";
const closing: { close(): void }[] = [];
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "urd-query-thread-"));
});
afterEach(() => {
  for (const one of closing.splice(0)) one.close();
  rmSync(dataDir, { recursive: true });
});

async function startThread(): Promise<Thread> {
  const metrics = new MessageChannel();
  const workerData: QueryThreadData = {
    name: "query-0",
    log: { level: "error", format: "json" },
    metricsPort: metrics.port1,
    dataDir,
    timeoutMs: 10_000,
    samplesMax: 0,
    lookbackDeltaMs: 300_000,
    queriesPerTenantMax: 10,
    limits: { defaults: multitenantDefaults, overrides: new Map() },
  };
  metrics.port2.unref();
  const entry = new URL("../../../server/querier/query-thread.ts", import.meta.url);
  const worker = new Worker(entry, { workerData, transferList: [metrics.port1] });
  const [first] = (await once(worker, "message")) as unknown[];
  expect(first).toEqual({ kind: "serving" });
  const send: Thread["send"] = (message, ports) => worker.postMessage(message, [...ports]);
  const { port1, port2 } = new MessageChannel();
  send({ kind: "connect", port: port1 }, [port1]);
  const channel: Channel = openPortChannel(port2, { clock: systemClock });
  closing.push(channel);
  return { worker, send, client: createClient(RawQueryService, channel) };
}

/** A port to a stand-in shard, for the thread. */
function portOf(shard: FakeShard): MessagePort {
  const { port1, port2 } = new MessageChannel();
  closing.push(serveFakeShard(shard, port1));
  return port2;
}

async function ask({ client }: Thread, query: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  const options = { format: ResultFormat.PROMETHEUS_JSON };
  const headers = { "x-scope-orgid": "anonymous" };
  for await (const { part } of client.queryInstant(
    { query, timeMs: 60_000n, options },
    { headers },
  )) {
    if (part?.part.case === "prometheusJson") pieces.push(part.part.value);
  }
  return Buffer.concat(pieces).toString();
}

/** Writes a chunk where the shard's chunks file would have it; returns it as a location. */
function sealed(shard: number, chunk: ReturnType<typeof chunkOf>): ReturnType<typeof chunkOf> {
  const bytes = chunk.bytes as Uint8Array;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32c(bytes));
  const path = chunksFilePath(dataDir, shard, 5);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.concat([Buffer.alloc(8), bytes, checksum]));
  return { ...chunk, bytes: undefined, file: 5, offsetBytes: 8, sizeBytes: bytes.length };
}

const seriesOf = (name: string, chunk: ReturnType<typeof chunkOf>): FakeShard => ({
  series: [{ labels: ["__name__", name], chunks: [chunk] }],
});

// Messages to the thread and calls on another port have no order between them.
const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 5000 });

test("a thread answers over ports, from open chunks and from chunks files", async () => {
  const thread = await startThread();
  const ports = [
    portOf(seriesOf("a", chunkOf([[50_000, 1]]))),
    portOf(seriesOf("b", sealed(1, chunkOf([[50_000, 2.5]])))),
  ];
  thread.send({ kind: "shards", ports }, ports);
  await eventually(async () => {
    expect(await ask(thread, 'sum({__name__=~"a|b"})')).toContain('"value":[60,"3.5"]');
  });
  writeFileSync(chunksFilePath(dataDir, 1, 5), Buffer.alloc(100));
  const damaged = await startThread();
  const again = [portOf({ series: [] }), portOf(seriesOf("b", sealedElsewhere()))];
  damaged.send({ kind: "shards", ports: again }, again);
  await eventually(() =>
    expect(ask(damaged, "b")).rejects.toMatchObject({
      id: "err-urd-query-incomplete",
      message: expect.stringMatching(/byte 8 of chunks file 5 of shard 1/),
    }),
  );
  for (const one of [thread, damaged]) one.send({ kind: "stop" }, []);
  await Promise.all([once(thread.worker, "exit"), once(damaged.worker, "exit")]);
});

/** The location of the sealed chunk whose file was overwritten. */
function sealedElsewhere(): ReturnType<typeof chunkOf> {
  return { ...chunkOf([[1, 1]]), bytes: undefined, file: 5, offsetBytes: 8, sizeBytes: 20 };
}

test("a shard that is gone fails queries until it is connected again; limits change", async () => {
  const thread = await startThread();
  const { port1, port2 } = new MessageChannel();
  thread.send({ kind: "shards", ports: [port2] }, [port2]);
  port1.close();
  await eventually(() =>
    expect(ask(thread, "a")).rejects.toMatchObject({ id: "err-urd-shard-unavailable" }),
  );
  const port = portOf(seriesOf("a", chunkOf([[50_000, 1]])));
  thread.send({ kind: "shard", shard: 0, port }, [port]);
  await eventually(async () => {
    expect(await ask(thread, "a")).toContain('"value":[60,"1"]');
  });
  const defaults = { ...multitenantDefaults, queryExpressionSizeBytesMax: 3 };
  thread.send({ kind: "limits", state: { defaults, overrides: new Map() } }, []);
  await eventually(() =>
    expect(ask(thread, "a + a")).rejects.toMatchObject({
      id: "err-urd-max-query-expression-size-bytes",
    }),
  );
  thread.send({ kind: "stop" }, []);
  await once(thread.worker, "exit");
});
