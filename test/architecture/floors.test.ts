import { describe, expect, test } from "vitest";
import { importFault } from "./floors.ts";
import { relativeImports, sourceFiles } from "./source-files.ts";

describe("floors", () => {
  test("every import goes downwards", () => {
    const faults: string[] = [];
    for (const file of [...sourceFiles("server/**/*.ts"), ...sourceFiles("clients/**/*.ts")]) {
      if (file.path.startsWith("server/kernel/assembly/")) continue;
      for (const imported of relativeImports(file)) {
        const fault = importFault(file.path, imported);
        if (fault !== undefined) faults.push(`${file.path} ${fault}`);
      }
    }
    expect(faults).toEqual([]);
  });

  test.each([
    ["server/model/labels.ts", "server/storage/index.ts", /downwards only/],
    ["server/gateway/push.ts", "server/distributor/index.ts", /downwards only/],
    ["server/runtime/start.ts", "server/gateway/routes.ts", /past the folder's index/],
    ["server/promql/engine.ts", "gen/urd/query/v1/query_pb.ts", /gen/],
    ["server/platform/rpc/client.ts", "server/model/index.ts", /downwards only|outside platform/],
    ["server/promql/parser/parse.ts", "server/promql/operators/sum.ts", /stands above/],
    ["clients/sdk/src/client.ts", "server/model/index.ts", /clients know gen/],
    ["server/shard/shard.ts", "test/support/load.ts", /nothing imports test/],
    ["server/extras/thing.ts", "server/model/index.ts", /no floor/],
  ])("%s may not import %s", (importer, imported, reason) => {
    expect(importFault(importer, imported)).toMatch(reason);
  });

  test("imports within the rules pass", () => {
    expect(importFault("server/gateway/push.ts", "server/model/index.ts")).toBeUndefined();
    expect(importFault("server/wire/frame.ts", "gen/urd/query/v1/query_pb.ts")).toBeUndefined();
  });

  test("the import graph has no cycle", () => {
    const graph = new Map(
      sourceFiles("server/**/*.ts")
        .filter((file) => !file.path.startsWith("server/kernel/assembly/"))
        .map((file) => [file.path, relativeImports(file)] as const),
    );
    expect(findCycle(graph)).toBeUndefined();
  });
});

/** First cycle found, as the chain of its files. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, chain: readonly string[]): readonly string[] | undefined => {
    if (chain.includes(node)) return [...chain.slice(chain.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...chain, node]);
      if (cycle !== undefined) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
