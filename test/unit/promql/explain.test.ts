import { expect, test } from "vitest";
import { createEngine, type PlanNode, Profile } from "../../../server/promql/index.ts";
import type { QueryCall } from "../../../server/storage/index.ts";
import { createMemoryQueryable } from "../../support/memory-queryable.ts";

const call: QueryCall = {
  signal: new AbortController().signal,
  account: { addRead: () => undefined },
};
const times = { startMs: 60_000, endMs: 180_000, stepMs: 60_000 };

const store = createMemoryQueryable();
for (const job of ["ä", "b"]) {
  for (let timeMs = 0; timeMs <= 180_000; timeMs += 15_000) {
    store.add(["__name__", "up", "job", job], timeMs, 1);
  }
}

/** The tree as lines, deeper ones indented. */
function lines(node: PlanNode, depth = 0): string[] {
  const remarks = node.remarks.map((remark) => ` (${remark})`).join("");
  const line = `${"  ".repeat(depth)}${node.operator} | ${node.expression}${remarks}`;
  return [line, ...node.inputs.flatMap((input) => lines(input, depth + 1))];
}

test("a plan is a tree with the parts of the text that its operators evaluate", () => {
  const query = 'sum by (job) (rate(up{job!="ä"}[1m])) / -up{job="ä"} offset 5s + (up @ 30)';
  const result = createEngine().range({ query, ...times }, store, call);
  expect(lines(result.explain())).toEqual([
    `binary + | ${query}`,
    `  binary / | sum by (job) (rate(up{job!="ä"}[1m])) / -up{job="ä"} offset 5s`,
    `    aggregate sum | sum by (job) (rate(up{job!="ä"}[1m]))`,
    `      call rate | rate(up{job!="ä"}[1m])`,
    `        matrix-selector | up{job!="ä"}[1m] (range 60000 ms)`,
    `          vector-selector | up{job!="ä"}`,
    `    unary - | -up{job="ä"} offset 5s`,
    `      vector-selector | up{job="ä"} offset 5s (offset 5000 ms)`,
    "  step-invariant | (up @ 30) (evaluated at the first step alone)",
    "    vector-selector | (up @ 30) (at 1970-01-01T00:00:30.000Z)",
  ]);
  expect(result.explain().cost).toBeUndefined();
});

test("what several places share says so", () => {
  const result = createEngine().range({ query: "sum(up) + sum(up)", ...times }, store, call);
  const shared = result.explain().inputs.map(({ remarks }) => remarks);
  expect(shared).toEqual([["evaluated once for 2 places"], ["evaluated once for 2 places"]]);
});

test("a profile tells what each operator gave and used, its inputs included", async () => {
  let wall = 0;
  let cpu = 0;
  const profile = new Profile({ wallMs: () => wall, cpuMs: () => cpu });
  const slow = {
    ...store,
    async *select(...[selection, queryCall]: Parameters<typeof store.select>) {
      for await (const batch of store.select(selection, queryCall)) {
        wall += 10;
        cpu += 3;
        yield batch;
      }
    },
  };
  const query = "sum(rate(up[1m])) + scalar(up)";
  const result = createEngine().range({ query, ...times, profile }, slow, call);
  for await (const batch of result.batches()) {
    void batch;
    // What the reader does between batches is not the operators'.
    wall += 1000;
  }
  const root = result.explain();
  const [sum, scalar] = root.inputs;
  const [rate] = sum?.inputs ?? [];
  const [matrix] = rate?.inputs ?? [];
  expect(matrix?.cost).toEqual({ series: 2, samples: 24, wallMs: 10, cpuMs: 3 });
  expect(rate?.cost).toEqual({ series: 2, samples: 6, wallMs: 10, cpuMs: 3 });
  expect(sum?.cost).toEqual({ series: 1, samples: 3, wallMs: 10, cpuMs: 3 });
  expect(scalar?.cost).toEqual({ series: 1, samples: 3, wallMs: 10, cpuMs: 3 });
  expect(root.cost).toEqual({ series: 1, samples: 3, wallMs: 20, cpuMs: 6 });
});
