import { toBinary } from "@bufbuild/protobuf";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress } from "snappyjs";
import { afterEach, describe, expect, test } from "vitest";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import { ResultFormat } from "../../gen/urd/query/v1/query_pb.ts";
import { histogramsEqual } from "../../server/model/index.ts";
import { defined } from "../../server/platform/base/index.ts";
import { nodeVfs } from "../../server/platform/vfs/index.ts";
import {
  type BlockSeries,
  createChunkDecoder,
  type EncodedBytes,
  encodeChunks,
  knownEncoding,
  makeColumns,
  openBlock,
  type SampleColumns,
  selectSeries,
  writeBlock,
} from "../../server/tsdb/index.ts";
import { blockStartMs, symbolsOf } from "../support/block-samples.ts";
import { peerOrSkip } from "../support/debian-peers.ts";
import { columnsOf, histogramRequest, histogramSeries } from "../support/histogram-series.ts";
import { freePort, type RunningServer, startServer } from "../support/process.ts";
import { asTenant, queryServiceOver, readJson } from "../support/query-service.ts";

const program = peerOrSkip("prometheus");
const everything = { startMs: -Infinity, endMs: Infinity };
const sampleCount = 240;

/** Folders and servers of one test. */
interface Scene {
  readonly directory: string;
  start(...flags: readonly string[]): Promise<RunningServer>;
}

const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

function scene(): Scene {
  const directory = mkdtempSync(join(tmpdir(), "urd-histogram-blocks-"));
  ending.push(async () => rmSync(directory, { recursive: true, force: true }));
  nodeVfs.makeDirectory(join(directory, "data"));
  writeFileSync(join(directory, "prometheus.yml"), "");
  return {
    directory,
    async start(...flags) {
      const url = `http://127.0.0.1:${await freePort()}`;
      const server = await startServer({
        command: program ?? "",
        args: [
          `--config.file=${join(directory, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(directory, "data")}`,
          `--web.listen-address=${url.slice("http://".length)}`,
          "--storage.tsdb.retention.time=100y",
          ...flags,
        ],
        url,
        readyPath: "/-/ready",
        logFile: join(directory, "log"),
      });
      ending.push(() => server.kill("SIGKILL"));
      return server;
    },
  };
}

function blockSeriesOf(startMs: number): BlockSeries[] {
  return histogramSeries(startMs, sampleCount).map((one) => {
    const options = { floatHistograms: one.isFloat, xor2: false };
    return { labels: ["__name__", one.metric], chunks: encodeChunks(columnsOf(one), options) };
  });
}

/** Functions of single samples and of windows without resets: the chunks are the point here. */
const queries: readonly string[] = [
  '{__name__=~".+"}',
  "rate(float_counter[5m])",
  ...["float_counter", "integer_counter", "integer_custom", "integer_schemas"].flatMap((name) => [
    `histogram_quantile(0.9, ${name})`,
    `histogram_fraction(0.5, 3, ${name})`,
    `histogram_count(${name})`,
    `histogram_sum(${name})`,
    `sum(${name})`,
  ]),
  ...["float_gauge", "integer_gauge"].flatMap((name) => [
    `delta(${name}[5m])`,
    `sum_over_time(${name}[5m])`,
  ]),
  "sum(integer_counter) + sum(integer_gauge)",
  "count_over_time(mixed[10m])",
];

describe.skipIf(program === undefined)("native histograms in blocks", () => {
  test("Prometheus answers from a block that Urd wrote as Urd does from the same chunks", async () => {
    const { directory, start } = scene();
    const series = blockSeriesOf(blockStartMs);
    await writeBlock(nodeVfs, join(directory, "data"), {
      ulid: "01J00000000000000000000000",
      minTimeMs: blockStartMs,
      maxTimeMs: blockStartMs + 7_200_000,
      outOfOrder: false,
      symbols: symbolsOf(series),
      series,
    });
    const { url } = await start();
    const place = { file: 0, offsetBytes: 0, sizeBytes: 0 };
    const service = queryServiceOver([
      {
        series: series.map(({ labels, chunks }) => ({
          labels,
          chunks: chunks.map((chunk) => ({ ...chunk, ...place })),
        })),
      },
    ]);
    const endMs = blockStartMs + (sampleCount - 1) * 15_000;
    for (const query of queries) {
      for (const timeMs of [endMs, endMs - 300_000, blockStartMs + 49 * 15_000 + 1000]) {
        const time = (timeMs / 1000).toFixed(3);
        const parameters = new URLSearchParams({ query, time });
        const response = await fetch(`${url}/api/v1/query?${parameters.toString()}`);
        const options = { format: ResultFormat.PROMETHEUS_JSON };
        const answer = service.queryInstant({ query, timeMs: BigInt(timeMs), options }, asTenant);
        const ours = JSON.parse(await readJson(answer)) as { data: unknown };
        const theirs = (await response.json()) as { data: unknown };
        expect(ours.data, `${query} at ${time}`).toEqual(theirs.data);
      }
    }
  }, 240_000);

  test("Urd reads from a block of Prometheus what Prometheus was sent, and writes the same bytes", async () => {
    const { directory, start } = scene();
    const startMs = Math.floor(Date.now() / 15_000) * 15_000 - sampleCount * 15_000;
    const sent = histogramSeries(startMs, sampleCount);
    const server = await start(
      "--web.enable-remote-write-receiver",
      "--web.enable-admin-api",
      "--enable-feature=native-histograms",
    );
    // In turns of 20 samples: of one request Prometheus takes a series' floats first.
    for (let from = 0; from < sampleCount; from += 20) {
      const part = sent.map((one) => ({ ...one, samples: one.samples.slice(from, from + 20) }));
      const written = await fetch(`${server.url}/api/v1/write`, {
        method: "POST",
        body: compress(toBinary(WriteRequestSchema, histogramRequest(part))),
        headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
      });
      expect([written.status, await written.text()]).toEqual([204, ""]);
    }
    const snapshot = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
    const { data } = (await snapshot.json()) as { data: { name: string } };
    const folder = join(directory, "data", "snapshots", data.name);
    for (const one of sent) {
      const wanted = columnsOf({ ...one, samples: one.samples.filter(([, s]) => s !== "stale") });
      const chunks = chunksIn(folder, one.metric);
      const found = makeColumns(1);
      for (const chunk of chunks) createChunkDecoder().decode(chunk, everything, found);
      expectSame(found, wanted, one.metric);
      expect(chunks.length).toBeGreaterThan(1);
      for (const chunk of chunks) expectSameBytes(chunk, one.isFloat);
    }
  }, 240_000);
});

/** All chunks of a metric's one series in the blocks of a folder, in their order. */
function chunksIn(folder: string, metric: string): EncodedBytes[] {
  const chunks: EncodedBytes[] = [];
  for (const ulid of readdirSync(folder).toSorted()) {
    const block = openBlock(nodeVfs, join(folder, ulid));
    const matchers = [{ type: "=", name: "__name__", value: metric }] as const;
    for (const ref of selectSeries(block.index, matchers)) {
      for (const indexed of block.index.series(ref).chunks) {
        const { encoding, bytes } = block.chunk(indexed.ref);
        chunks.push({ encoding: defined(knownEncoding(encoding), "an encoding"), bytes });
      }
    }
    block.close();
  }
  return chunks;
}

function expectSame(found: SampleColumns, wanted: SampleColumns, metric: string): void {
  expect(found.length, metric).toBe(wanted.length);
  for (let i = 0; i < found.length; i++) {
    expect(found.timesMs[i]).toBe(wanted.timesMs[i]);
    const [left, right] = [found.histograms?.[i], wanted.histograms?.[i]];
    if (left !== undefined && right !== undefined) {
      expect(histogramsEqual(left, right), `${metric} ${i}`).toBe(true);
      expect(left.hint === "gauge").toBe(right.hint === "gauge");
    } else {
      expect(left).toBe(right);
      expect(found.values[i]).toBe(wanted.values[i]);
    }
  }
}

/** What is read from a chunk becomes the same chunk, but for what it says of the one before. */
function expectSameBytes(chunk: EncodedBytes, floatHistograms: boolean): void {
  const columns = makeColumns(1);
  createChunkDecoder().decode(chunk, everything, columns);
  // Prometheus's chunks of histograms may have more than 120 samples.
  if (columns.length > 120) return;
  const [made, ...others] = encodeChunks(columns, { floatHistograms, xor2: false });
  expect(others).toEqual([]);
  const hex = (bytes: Uint8Array): string => {
    const copy = Buffer.from(bytes);
    if (columns.histograms !== undefined) copy[2] = 0;
    return copy.toString("hex");
  };
  expect(hex(defined(made, "a chunk").bytes)).toBe(hex(chunk.bytes));
}
