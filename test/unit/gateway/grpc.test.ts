import type { Writable } from "node:stream";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { afterEach, describe, expect, test } from "vitest";
import { RequestSchema } from "../../../gen/io/prometheus/write/v2/types_pb.ts";
import { ErrorDetailSchema } from "../../../gen/urd/errors/v1/errors_pb.ts";
import { PushService } from "../../../gen/urd/push/v1/push_pb.ts";
import { ColumnsFrameSchema, QueryService, ValueType } from "../../../gen/urd/query/v1/query_pb.ts";
import {
  clientError,
  createFrontPort,
  createRpcFront,
  defaultFrontPortLimits,
  type FrontHandler,
  tenantOf,
} from "../../../server/gateway/index.ts";
import { urdError } from "../../../server/model/index.ts";
import { systemClock as clock } from "../../../server/platform/base/index.ts";
import {
  createClient as createPeerClient,
  defaultGrpcWireOptions,
  openGrpcChannel,
  type RawPushService,
  type RawQueryService,
  type ServiceHandlers,
} from "../../../server/platform/rpc/index.ts";
import { errorDetailOf, errorOfDetail } from "../../../server/wire/index.ts";
import { collect } from "../../support/collect.ts";

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  answered = frame;
  for (const close of opened.splice(0)) await close();
});

const batch = create(RequestSchema, {
  symbols: ["", "__name__", "up"],
  timeseries: [{ labelsRefs: [1, 2], samples: [{ value: Number.NaN, timestamp: 5n }] }],
});

const frame = create(ColumnsFrameSchema, {
  symbols: ["__name__", "up"],
  series: [{ labelRefs: [0, 1], timesMs: [1, 2], values: [1e-300, Number.NaN] }],
});

let answered = frame;

const push: ServiceHandlers<typeof RawPushService> = {
  write: ({ request }, { headers }) => {
    const read = fromBinary(RequestSchema, request ?? new Uint8Array());
    if (!Number.isNaN(read.timeseries[0]?.samples[0]?.value)) throw new Error("not the sample");
    const tenant = headers["x-scope-orgid"] ?? "";
    return { outcome: { samplesStored: BigInt(tenant.length) } };
  },
  async *writeStream(requests) {
    for await (const { batchId } of requests) yield { batchId, outcome: {} };
  },
};

const query: ServiceHandlers<typeof RawQueryService> = {
  queryInstant: () => {
    throw urdError("max-series-per-query", "Too many series — 7.", { limit: 7 });
  },
  async *queryRange() {
    yield { part: { part: { case: "header", value: { type: ValueType.MATRIX } } } };
    yield { part: { part: { case: "frame", value: toBinary(ColumnsFrameSchema, answered) } } };
    yield { part: { part: { case: "trailer", value: { warnings: ["w"] } } } };
  },
  async *series() {},
  labelNames: () => {
    throw new Error("a secret of the server");
  },
  labelValues: () => new Promise(() => undefined),
  metadata: () => ({}),
  async *exemplars() {},
  explain: () => ({}),
  listQueries: () => ({}),
  cancelQuery: () => ({}),
};

const rest: FrontHandler = {
  handle: (request, response) => {
    response.setHeader("x-rest", request.httpVersion);
    (response as Writable).end("rest");
  },
  handleExpectContinue: () => undefined,
};

const start = async (): Promise<{ baseUrl: string; bugs: unknown[] }> => {
  const bugs: unknown[] = [];
  const handler = createRpcFront({
    push,
    query,
    rest,
    clock,
    tenantOf: (values) => tenantOf({ multitenancyEnabled: true }, values),
    messageSizeBytesMax: 100_000,
    publicError: (thrown) => {
      const error = clientError(thrown);
      if (error.id === "err-urd-internal") bugs.push(thrown);
      return error;
    },
  });
  const front = createFrontPort({
    handler,
    clock,
    limits: { ...defaultFrontPortLimits, stallTimeoutMs: 50 },
    isLongLived: (request) => handler.isLongLived(request),
  });
  const port = await front.listen("127.0.0.1", 0);
  opened.push(() => front.close(0));
  return { baseUrl: `http://127.0.0.1:${port}`, bugs };
};

const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web over HTTP/1.1": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect over HTTP/2": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2" }),
  "Connect with JSON": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
  "gRPC with JSON": (baseUrl) => createGrpcTransport({ baseUrl, useBinaryFormat: false }),
};

const headers = { "X-Scope-OrgID": "team" };

describe.each(Object.entries(transports))("%s", (_, transportOf) => {
  const connect = async () => {
    const { baseUrl, bugs } = await start();
    const transport = transportOf(baseUrl);
    return {
      bugs,
      push: createClient(PushService, transport),
      query: createClient(QueryService, transport),
    };
  };

  test("typed batches reach the handler as bytes, with the tenant", async () => {
    const { push } = await connect();
    const { outcome } = await push.write({ request: batch }, { headers });
    expect(outcome?.samplesStored).toBe(4n);
  });

  test("frames written as bytes arrive typed", async () => {
    const { query } = await connect();
    const parts = await collect(query.queryRange({ query: "up", stepMs: 1n }, { headers }));
    expect(parts.map(({ part }) => part?.part.case)).toEqual(["header", "frame", "trailer"]);
    const found = parts[1]?.part?.part;
    expect(found?.value).toEqual(frame);
  });

  test("errors carry their details", async () => {
    const { query } = await connect();
    const failed = collect(query.queryInstant({ query: "up" }, { headers }));
    const error = await failed.then(() => undefined).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ rawMessage: "Too many series — 7." });
    const details = (error as { findDetails(desc: unknown): unknown[] }).findDetails(
      ErrorDetailSchema,
    );
    expect(details).toMatchObject([
      {
        id: "err-urd-max-series-per-query",
        retryable: false,
        option: "limits.max_fetched_series_per_query",
        limit: 7,
      },
    ]);
  });

  test("bugs stay in the log", async () => {
    const { query, bugs } = await connect();
    await expect(query.labelNames({}, { headers })).rejects.toThrow(/its log says more/);
    expect(bugs).toHaveLength(1);
  });

  test("a call without a tenant is unauthenticated", async () => {
    const { query } = await connect();
    await expect(query.metadata({})).rejects.toMatchObject({ code: 16 });
    await expect(
      query.metadata({}, { headers: { "x-scope-orgid": "a, b" } }),
    ).rejects.toMatchObject({ code: 3 });
  });

  test("a deadline is kept", async () => {
    const { query } = await connect();
    const call = query.labelValues({ name: "a" }, { headers, timeoutMs: 60 });
    await expect(call).rejects.toMatchObject({ code: 4 });
  });

  test("a message over the bound is refused", async () => {
    const { push } = await connect();
    const request = { ...batch, symbols: ["x".repeat(200_000)] };
    await expect(push.write({ request }, { headers })).rejects.toMatchObject({ code: 8 });
  });
});

test("binary protocols keep the sign of zero; JSON as JavaScript writes it does not", async () => {
  const { baseUrl } = await start();
  const signed = create(ColumnsFrameSchema, { series: [{ timesMs: [1], values: [-0] }] });
  answered = signed;
  const client = createClient(QueryService, createGrpcTransport({ baseUrl }));
  const [, part] = await collect(client.queryRange({ query: "up" }, { headers }));
  expect(part?.part?.part.value).toMatchObject({ series: [{ values: [-0] }] });
});

test("a client of grpc-js is understood, errors with their details", async () => {
  const { baseUrl } = await start();
  const codec = { detailOf: errorDetailOf, errorOf: errorOfDetail };
  const wire = defaultGrpcWireOptions;
  const channel = await openGrpcChannel(new URL(baseUrl).host, { clock, codec, wire });
  const { write } = createPeerClient(PushService, channel);
  expect((await write({ request: batch }, { headers })).outcome?.samplesStored).toBe(4n);
  const query = createPeerClient(QueryService, channel);
  expect(await collect(query.queryRange({ query: "up" }, { headers }))).toHaveLength(3);
  await expect(collect(query.queryInstant({}, { headers }))).rejects.toMatchObject({
    id: "err-urd-max-series-per-query",
    entry: { http: 422 },
    limit: 7,
  });
  channel.close();
});

describe("streams of writes", () => {
  test("may be silent for longer than other bodies", async () => {
    const { baseUrl } = await start();
    const client = createClient(PushService, createGrpcTransport({ baseUrl }));
    const first = Promise.withResolvers<void>();
    async function* batches() {
      yield { batchId: 1n, request: batch };
      await first.promise;
      await new Promise<void>((resolve) => clock.after(200, resolve));
      yield { batchId: 2n, request: batch };
    }
    const ids: bigint[] = [];
    for await (const { batchId } of client.writeStream(batches(), { headers })) {
      ids.push(batchId);
      first.resolve();
    }
    expect(ids).toEqual([1n, 2n]);
  });
});

describe("beside the services", () => {
  test("everything else is the REST handler's", async () => {
    const { baseUrl } = await start();
    const answer = await fetch(`${baseUrl}/api/v1/query`);
    expect([answer.headers.get("x-rest"), await answer.text()]).toEqual(["1.1", "rest"]);
  });

  test("an unknown method is not found", async () => {
    const { baseUrl } = await start();
    const answer = await fetch(`${baseUrl}/urd.query.v1.QueryService/Nothing`, { method: "POST" });
    expect(answer.status).toBe(404);
  });

  test("a page of another origin may ask, without a tenant in the preflight", async () => {
    const { baseUrl } = await start();
    const url = `${baseUrl}/urd.query.v1.QueryService/Metadata`;
    const origin = { Origin: "https://page.example" };
    const preflight = await fetch(url, { method: "OPTIONS", headers: origin });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(/X-Scope-OrgID/);
    const refused = await fetch(url, {
      method: "POST",
      headers: { ...origin, "Content-Type": "application/json" },
      body: "{}",
    });
    expect(refused.status).toBe(401);
    expect(refused.headers.get("access-control-allow-origin")).toBe("*");
  });
});
