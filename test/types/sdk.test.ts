import { expectTypeOf, test } from "vitest";
import type {
  BatchOutcome,
  QueryFrame,
  QueryResult,
  QueryStream,
  UrdClient,
  UrdClientError,
  WriteOutcome,
  WriteSeries,
} from "../../clients/sdk/index.ts";
import { type createUrdClient, staleMarker } from "../../clients/sdk/index.ts";
import type { createUrdClient as createBrowserClient } from "../../clients/sdk/browser.ts";

test("writing is typed from labels to refusals", () => {
  expectTypeOf<UrdClient["write"]>().returns.resolves.toEqualTypeOf<WriteOutcome>();
  expectTypeOf<WriteOutcome["refused"][number]["error"]>().toEqualTypeOf<UrdClientError>();
  expectTypeOf<UrdClientError["id"]>().toEqualTypeOf<string>();
  expectTypeOf<UrdClientError["limit"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<WriteSeries["samples"][number]["value"]>().toEqualTypeOf<
    number | typeof staleMarker
  >();
  const fine = { labels: { a: "b" }, samples: [{ timeMs: 1, value: staleMarker }] } as const;
  const wrong = { labels: { a: 1 }, samples: [] } as const;
  expectTypeOf<typeof fine extends WriteSeries ? true : false>().toEqualTypeOf<true>();
  expectTypeOf<typeof wrong extends WriteSeries ? true : false>().toEqualTypeOf<false>();
  expectTypeOf<
    Extract<BatchOutcome, { kind: "failed" }>["error"]
  >().toEqualTypeOf<UrdClientError>();
});

test("results are columns", () => {
  expectTypeOf<UrdClient["queryRange"]>().returns.toEqualTypeOf<QueryStream>();
  expectTypeOf<QueryStream>().toExtend<AsyncIterable<QueryFrame>>();
  expectTypeOf<QueryStream["collect"]>().returns.resolves.toEqualTypeOf<QueryResult>();
  expectTypeOf<QueryFrame["series"][number]["values"]>().toEqualTypeOf<Float64Array>();
  expectTypeOf<QueryResult["type"]>().toEqualTypeOf<"scalar" | "string" | "vector" | "matrix">();
  expectTypeOf<Parameters<UrdClient["queryRange"]>[1]>().toHaveProperty("stepMs");
});

test("both entries make the same client; only Node chooses a transport", () => {
  expectTypeOf<typeof createUrdClient>().returns.toEqualTypeOf<UrdClient>();
  expectTypeOf<typeof createBrowserClient>().returns.toEqualTypeOf<UrdClient>();
  type Node = Parameters<typeof createUrdClient>[0];
  type Browser = Parameters<typeof createBrowserClient>[0];
  expectTypeOf<Node["transport"]>().toEqualTypeOf<"grpc" | "connect" | undefined>();
  expectTypeOf<Browser>().not.toHaveProperty("transport");
});
