import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import {
  type HistogramSchema,
  RequestSchema,
} from "../../../gen/io/prometheus/write/v2/types_pb.ts";
import {
  type CounterResetHint as WireHint,
  type NativeHistogram,
  type QueryPart,
  QueryService,
  ValueType,
} from "../../../gen/urd/query/v1/query_pb.ts";
import {
  type BucketCounts,
  type CounterResetHint,
  type FloatHistogram,
  hasCustomBuckets,
} from "../../../server/model/index.ts";
import { markStale, staleStandIn } from "../../support/kernel-payloads.ts";
import { type LiveUrd, startUrd } from "../../support/live-urd.ts";
import type { Answer, Point, ScriptQuery, ScriptSeries, ScriptStore } from "./store.ts";

/** Any age and order is taken, and the whole language is on. */
const flags: readonly string[] = [
  "--auth.multitenancy-enabled",
  "--self-monitoring.enabled=false",
  "--ingester.out-of-order-time-window=1000w",
  "--ingester.start-timestamp-storage-enabled",
  "--querier.promql-experimental-functions",
  "--querier.promql-extended-range-selectors",
  "--querier.promql-fill-modifiers",
  "--querier.promql-delayed-name-removal",
  "--querier.promql-use-start-timestamps",
];

/** A store that is a whole Urd: written by remote write 2.0, asked over the typed API. */
export interface LiveStore extends ScriptStore {
  stop(): Promise<void>;
}

/** Starts Urd; each `clear` goes on with a fresh tenant. */
export async function startLiveStore(): Promise<LiveStore> {
  const urd: LiveUrd = await startUrd(flags);
  const client = createClient(
    QueryService,
    createConnectTransport({ baseUrl: urd.url, httpVersion: "1.1" }),
  );
  let tenants = 0;
  const headers = (): Record<string, string> => ({ "X-Scope-OrgID": `script-${tenants}` });
  return {
    async clear() {
      tenants++;
    },
    async load(series) {
      const response = await urd.write(2, writeRequest(series), headers());
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    },
    async ask({ query, ...times }: ScriptQuery) {
      const [startMs, endMs] = [BigInt(times.startMs), BigInt(times.endMs)];
      const stepMs = BigInt(times.stepMs);
      const call = { headers: headers() };
      try {
        return times.stepMs === 0
          ? await readAnswer(client.queryInstant({ query, timeMs: startMs }, call))
          : await readAnswer(client.queryRange({ query, startMs, endMs, stepMs }, call));
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        throw new Error(error.rawMessage, { cause: error });
      }
    },
    stop: () => urd.stop(),
  };
}

type Histogram = MessageInitShape<typeof HistogramSchema>;

function writeRequest(series: readonly ScriptSeries[]): Uint8Array {
  const symbols = new Map<string, number>([["", 0]]);
  const refOf = (text: string): number => {
    const known = symbols.get(text) ?? symbols.size;
    symbols.set(text, known);
    return known;
  };
  const timeseries = series.map(({ labels, samples }) => ({
    labelsRefs: labels.map(refOf),
    samples: samples.flatMap(({ timeMs, value, startTimeMs }) =>
      typeof value === "object"
        ? []
        : {
            timestamp: BigInt(timeMs),
            startTimestamp: BigInt(startTimeMs),
            value: value === "stale" ? staleStandIn : value,
          },
    ),
    histograms: samples.flatMap(({ timeMs, value, startTimeMs }) =>
      typeof value === "object"
        ? {
            ...histogramMessage(value),
            timestamp: BigInt(timeMs),
            startTimestamp: BigInt(startTimeMs),
          }
        : [],
    ),
  }));
  const request = create(RequestSchema, { symbols: [...symbols.keys()], timeseries });
  return markStale(toBinary(RequestSchema, request));
}

const hints: readonly CounterResetHint[] = ["unknown", "reset", "not-reset", "gauge"];

function histogramMessage(h: FloatHistogram): Histogram {
  const custom = hasCustomBuckets(h);
  const hint = hints.indexOf(h.hint) as NonNullable<Histogram["resetHint"]>;
  return {
    ...{ schema: h.schema, sum: h.sum, resetHint: hint, zeroThreshold: h.zeroThreshold },
    count: { case: "countFloat", value: h.count },
    zeroCount: custom ? { case: undefined } : { case: "zeroCountFloat", value: h.zeroCount },
    positiveSpans: spansOf(h.positive),
    positiveCounts: [...h.positive.counts],
    negativeSpans: spansOf(h.negative),
    negativeCounts: [...h.negative.counts],
    customValues: [...h.customBounds],
  };
}

function spansOf({ indices }: BucketCounts): { offset: number; length: number }[] {
  const spans: { offset: number; length: number }[] = [];
  let next = 0;
  for (const index of indices) {
    const last = spans.at(-1);
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: index - next, length: 1 });
    next = index + 1;
  }
  return spans;
}

const types: Readonly<Record<ValueType, Answer["type"]>> = {
  [ValueType.UNSPECIFIED]: "matrix",
  [ValueType.SCALAR]: "scalar",
  [ValueType.STRING]: "string",
  [ValueType.VECTOR]: "vector",
  [ValueType.MATRIX]: "matrix",
};

async function readAnswer(parts: AsyncIterable<{ part?: QueryPart | undefined }>): Promise<Answer> {
  let head: Pick<Answer, "type" | "text"> = { type: "matrix", text: undefined };
  let remarks: Pick<Answer, "warnings" | "infos"> = { warnings: [], infos: [] };
  const symbols: string[] = [];
  const series: Answer["series"][number][] = [];
  for await (const { part } of parts) {
    switch (part?.part.case) {
      case "header":
        head = { type: types[part.part.value.type] ?? "matrix", text: part.part.value.text };
        break;
      case "frame":
        symbols.push(...part.part.value.symbols);
        for (const { labelRefs, timesMs, values, ...native } of part.part.value.series) {
          const histograms = new Map(
            native.histogramPositions.map((at, i) => [at, toHistogram(native.histograms[i])]),
          );
          const points = timesMs.map(
            (timeMs, i): Point => [timeMs, histograms.get(i) ?? (values[i] as number)],
          );
          series.push({ labels: labelRefs.map((ref) => symbols[ref] as string), points });
        }
        break;
      case "trailer":
        remarks = part.part.value;
        break;
      default:
    }
  }
  return { ...head, ...remarks, series };
}

function toHistogram(message: NativeHistogram | undefined): FloatHistogram {
  if (message === undefined) throw new Error("a position without a histogram");
  const { schema, zeroThreshold, zeroCount, count, sum } = message;
  return {
    ...{ schema, zeroThreshold, zeroCount, count, sum },
    positive: { indices: message.positiveIndices, counts: message.positiveCounts },
    negative: { indices: message.negativeIndices, counts: message.negativeCounts },
    customBounds: message.customBounds,
    hint: hints[message.hint as WireHint as number] ?? "unknown",
  };
}
