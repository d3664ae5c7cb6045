import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type Request as WriteBatch,
  RequestSchema,
} from "../../../gen/io/prometheus/write/v2/types_pb.ts";
import {
  ColumnsFrameSchema,
  CounterResetHint,
  ValueType,
} from "../../../gen/urd/query/v1/query_pb.ts";
import {
  clientError,
  createFrontPort,
  createRpcFront,
  defaultFrontPortLimits,
  tenantOf,
} from "../../../server/gateway/index.ts";
import { urdError } from "../../../server/model/index.ts";
import { systemClock as clock } from "../../../server/platform/base/index.ts";
import type {
  RawPushService,
  RawQueryService,
  ServiceHandlers,
} from "../../../server/platform/rpc/index.ts";

/** The public services over nothing but a list of batches: what clients are tested against. */
export interface MemoryServer {
  readonly baseUrl: string;
  readonly batches: WriteBatch[];
  /** Bytes of the batches as they came. */
  readonly payloads: Uint8Array[];
  readonly tenants: string[];
  /** Errors that the next writes fail with, first come first. */
  readonly failures: Error[];
  /** Queries whose handler was told that their reader is gone. */
  cancelled: number;
  /** Frames that a range query's handler made. */
  frames: number;
  close(): Promise<void>;
}

/** Starts one on a port of its own. */
export async function startMemoryServer(): Promise<MemoryServer> {
  const state = {
    batches: [] as WriteBatch[],
    payloads: [] as Uint8Array[],
    tenants: [] as string[],
    failures: [] as Error[],
    cancelled: 0,
    frames: 0,
  };
  const handler = createRpcFront({
    push: pushHandlers(state),
    query: queryHandlers(state),
    rest: { handle: (_, response) => response.destroy(), handleExpectContinue: () => undefined },
    clock,
    tenantOf: (values) => tenantOf({ multitenancyEnabled: true }, values),
    messageSizeBytesMax: 10_000_000,
    publicError: clientError,
  });
  const front = createFrontPort({ handler, clock, limits: defaultFrontPortLimits });
  const port = await front.listen("127.0.0.1", 0);
  return Object.assign(state, {
    baseUrl: `http://127.0.0.1:${port}`,
    close: () => front.close(0),
  });
}

type State = Omit<MemoryServer, "baseUrl" | "close">;

function pushHandlers(state: State): ServiceHandlers<typeof RawPushService> {
  return {
    write: ({ request = new Uint8Array() }, { headers }) => {
      state.tenants.push(headers["x-scope-orgid"] ?? "");
      const failure = state.failures.shift();
      if (failure !== undefined) throw failure;
      const batch = fromBinary(RequestSchema, request);
      state.batches.push(batch);
      state.payloads.push(request);
      const samples = batch.timeseries.reduce((sum, { samples }) => sum + samples.length, 0);
      const isBad = batch.symbols.includes("bad");
      return {
        outcome: {
          samplesStored: BigInt(isBad ? samples - 1 : samples),
          samplesRefused: isBad ? 1n : 0n,
          refused: isBad
            ? [
                {
                  samples: 1n,
                  error: { id: "err-urd-label-invalid", message: "No.", series: "{}" },
                },
              ]
            : [],
        },
      };
    },
    async *writeStream() {},
  };
}

/** A series of a float, an exponential and a custom histogram. */
const histogramFrame = create(ColumnsFrameSchema, {
  series: [
    {
      timesMs: [1000, 2000, 3000],
      values: [7, 0, 0],
      histogramPositions: [1, 2],
      histograms: [
        {
          ...{ schema: 1, zeroThreshold: 0.75, zeroCount: 2, count: 9.5, sum: -1 },
          ...{ positiveIndices: [0, 2], positiveCounts: [3, 1] },
          ...{ negativeIndices: [0, 1], negativeCounts: [1.5, 2] },
          hint: CounterResetHint.GAUGE,
        },
        {
          ...{ schema: -53, count: 2, sum: 4, customBounds: [0.5] },
          ...{ positiveIndices: [0, 1], positiveCounts: [1, 1] },
        },
      ],
    },
  ],
});

function queryHandlers(state: State): ServiceHandlers<typeof RawQueryService> {
  return {
    async *queryInstant({ query }, context) {
      if (query === "fail") throw urdError("max-series-per-query", "Too many.", { limit: 7 });
      if (query === "hang") {
        context.signal.addEventListener("abort", () => {
          state.cancelled += 1;
        });
        await new Promise(() => undefined);
      }
      if (query === "cut") return;
      if (query === "histogram") {
        yield {
          part: { part: { case: "frame", value: toBinary(ColumnsFrameSchema, histogramFrame) } },
        };
      }
      const type = query === '"text"' ? ValueType.STRING : ValueType.VECTOR;
      yield { part: { part: { case: "header", value: { type, text: "text" } } } };
      yield { part: { part: { case: "trailer", value: { warnings: ["careful"] } } } };
    },
    async *queryRange({ startMs, endMs, stepMs }, context) {
      context.signal.addEventListener("abort", () => {
        state.cancelled += 1;
      });
      yield { part: { part: { case: "header", value: { type: ValueType.MATRIX } } } };
      const count = Number((endMs - startMs) / stepMs) + 1;
      const timesMs = Array.from(
        { length: count },
        (_, at) => Number(startMs) + at * Number(stepMs),
      );
      for (let at = 0; at < 1000; at++) {
        state.frames += 1;
        const frame = create(ColumnsFrameSchema, {
          symbols: at === 0 ? ["__name__", "up", "n", "0"] : [String(at)],
          series: [
            {
              labelRefs: [0, 1, 2, at + 3],
              timesMs,
              values: timesMs.map((_, step) => (step === 0 ? -0 : at + step)),
            },
          ],
        });
        yield { part: { part: { case: "frame", value: toBinary(ColumnsFrameSchema, frame) } } };
      }
      const stats = { samplesTotal: 5n };
      yield {
        part: { part: { case: "trailer", value: { stats, completeness: { complete: true } } } },
      };
    },
    async *series() {
      yield { symbols: ["a", "1"], series: [{ labelRefs: [0, 1] }], warnings: [] };
      yield { symbols: ["2"], series: [{ labelRefs: [0, 2] }], warnings: ["cut"] };
    },
    labelNames: ({ selectors }) => ({ names: ["a", ...selectors], warnings: [] }),
    labelValues: ({ name, limit }) => ({ values: [name, String(limit)], warnings: ["w"] }),
    metadata: () => ({ metadata: [{ metric: "up", type: "gauge", help: "h", unit: "" }] }),
    async *exemplars({ query, startMs, endMs }) {
      const exemplars = [{ labels: ["trace_id", "x"], value: -0, timeMs: startMs ?? 0n }];
      yield { series: [{ labels: ["__name__", query], exemplars }] };
      if (endMs === undefined) return;
      yield { series: [{ labels: ["__name__", "z"], exemplars: [{ timeMs: endMs }] }] };
    },
    explain: ({ query, stepMs, analyze }) => ({
      root: {
        ...{ operator: "aggregate sum", expression: query, remarks: ["r"] },
        inputs: [{ operator: "vector-selector", expression: "up" }],
        ...(analyze ? { stats: { series: 1n, samples: 2n, wallUs: 3n } } : {}),
      },
      steps: stepMs,
      ...(analyze ? { stats: { samplesTotal: 7n, samplesPerStep: [3n, 4n] }, infos: ["i"] } : {}),
    }),
    listQueries: () => ({ queries: [{ id: "query-0.1", query: "up", threadUs: 5n }] }),
    cancelQuery: ({ id }) => ({ found: id === "query-0.1" }),
  };
}
