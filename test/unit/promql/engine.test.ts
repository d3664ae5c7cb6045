import { describe, expect, test } from "vitest";
import { labelsFrom } from "../../../server/model/index.ts";
import { UrdError } from "../../../server/platform/base/index.ts";
import {
  createEngine,
  isPresent,
  type QueryResult,
  type RangeQuery,
} from "../../../server/promql/index.ts";
import type { QueryCall, Queryable, Selection } from "../../../server/storage/index.ts";
import { createMemoryQueryable } from "../../support/memory-queryable.ts";

const minute = 60_000;

function sampleStore(): ReturnType<typeof createMemoryQueryable> {
  const store = createMemoryQueryable(2);
  for (const [i, job] of ["b", "a", "c", "a"].entries()) {
    const labels = labelsFrom([
      ["__name__", "x_total"],
      ["job", job],
      ["i", String(i)],
    ]);
    for (let k = 0; k <= 60; k++) store.add(labels, k * minute, k * (i + 1));
  }
  return store;
}

const call = (signal: AbortSignal = new AbortController().signal): QueryCall => ({
  signal,
  account: { addRead() {} },
});

/** Counts selections and remembers them. */
function watched(inner: Queryable): Queryable & { readonly asked: Selection[] } {
  const asked: Selection[] = [];
  return {
    ...inner,
    asked,
    select(selection, queryCall) {
      asked.push(selection);
      return inner.select(selection, queryCall);
    },
  };
}

async function read(result: QueryResult): Promise<[string, (number | undefined)[]][]> {
  const rows: [string, (number | undefined)[]][] = [];
  for await (const batch of result.batches()) {
    if (batch.kind === "samples") {
      for (const { labels, values, from, to } of batch.series) {
        rows.push([labels.join(" "), [...values.subarray(from, to)]]);
      }
      continue;
    }
    for (const { labels, values, present } of batch.series) {
      const row = Array.from({ length: result.grid.count }, (_, step) =>
        isPresent(present, step) ? values[step] : undefined,
      );
      rows.push([labels.join(" "), row]);
    }
  }
  return rows;
}

const hour: Omit<RangeQuery, "query"> = { startMs: 0, endMs: 60 * minute, stepMs: 30 * minute };

async function idOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return error instanceof UrdError ? error.id : String(error);
  }
  return "nothing was thrown";
}

describe("results", () => {
  const engine = createEngine();

  test("a range query answers in the order of labels", async () => {
    const rows = await read(engine.range({ query: "x_total", ...hour }, sampleStore(), call()));
    expect(rows.map(([labels]) => labels)).toEqual([
      "__name__ x_total i 0 job b",
      "__name__ x_total i 1 job a",
      "__name__ x_total i 2 job c",
      "__name__ x_total i 3 job a",
    ]);
    expect(rows[3]?.[1]).toEqual([0, 120, 240]);
  });

  test("an unsorted range query holds no series", async () => {
    const result = engine.range(
      { query: "x_total", ...hour, sorted: false },
      sampleStore(),
      call(),
    );
    expect(await read(result)).toHaveLength(4);
    expect(result.stats().samplesHeldMax).toBe(3);
  });

  test("types are those of the API", async () => {
    const at = (query: string): QueryResult =>
      engine.instant({ query, timeMs: 0 }, sampleStore(), call());
    expect(at("1").type).toBe("scalar");
    expect(at("x_total").type).toBe("vector");
    expect(at("x_total[5m]").type).toBe("matrix");
    expect(at('"text"')).toMatchObject({ type: "string", text: "text" });
    expect(engine.range({ query: "1", ...hour }, sampleStore(), call()).type).toBe("matrix");
  });

  test("a range vector at one time gives its raw samples, left-open", async () => {
    const query = 'x_total{i="1"}[2m]';
    const result = engine.instant({ query, timeMs: 10 * minute }, sampleStore(), call());
    expect(await read(result)).toEqual([["__name__ x_total i 1 job a", [18, 20]]]);
  });

  test("stats count what was read", async () => {
    const result = engine.instant({ query: "sum(x_total)", timeMs: 0 }, sampleStore(), call());
    await read(result);
    expect(result.stats()).toMatchObject({ seriesRead: 4, samplesRead: 4 });
  });
});

describe("reading", () => {
  const engine = createEngine();

  test("a selector asks for exactly the samples it can see", async () => {
    const store = watched(sampleStore());
    await read(engine.range({ query: "x_total offset 1m", ...hour }, store, call()));
    await read(engine.range({ query: "rate(x_total[10m])", ...hour }, store, call()));
    expect(store.asked.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
      [-6 * minute + 1, 59 * minute],
      [-10 * minute + 1, 60 * minute],
    ]);
  });

  test("equal parts are read once", async () => {
    const store = watched(sampleStore());
    const query = "sum(rate(x_total[5m])) / sum(rate(x_total[5m]))";
    const rows = await read(engine.range({ query, ...hour }, store, call()));
    expect(rows).toEqual([["", [undefined, 1, 1]]]);
    expect(store.asked).toHaveLength(1);
  });

  test("what does not depend on the step is read for one step", async () => {
    const store = watched(sampleStore());
    const query = "sum(x_total @ 600) + x_total";
    await read(engine.range({ query, ...hour }, store, call()));
    expect(store.asked.some(({ endMs }) => endMs === 600_000)).toBe(true);
  });

  test("the turn is given up between batches", async () => {
    let asked = 0;
    const turn = {
      maybeYield: () => {
        asked++;
        return undefined;
      },
    };
    await read(engine.range({ query: "sum(x_total)", ...hour, turn }, sampleStore(), call()));
    expect(asked).toBeGreaterThan(1);
  });
});

describe("refusals", () => {
  const engine = createEngine({ samplesMax: 100 });
  const run = (query: string, signal?: AbortSignal) => async (): Promise<unknown> =>
    read(engine.range({ query, ...hour }, sampleStore(), call(signal)));

  test("a text that is no PromQL", async () => {
    expect(await idOf(run("sum("))).toBe("err-urd-query-invalid");
    expect(await idOf(run("x_total[5m]"))).toBe("err-urd-query-invalid");
  });

  test("an aborted query says why it ended", async () => {
    expect(await idOf(run("x_total", AbortSignal.abort()))).toBe("err-urd-query-cancelled");
    const late = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    expect(await idOf(run("x_total", late))).toBe("err-urd-query-timeout");
  });

  test("more samples than allowed, before they are allocated", async () => {
    expect(await idOf(run("x_total"))).toBe("nothing was thrown");
    expect(await idOf(run("quantile(0.5, x_total or x_total + 1)"))).toBe("nothing was thrown");
    expect(await idOf(run("sum_over_time(x_total[100000y:1ms])"))).not.toBe("nothing was thrown");
    expect(await idOf(run("sum_over_time(vector(1)[1h:1s])"))).toBe(
      "err-urd-max-samples-per-query",
    );
  });

  test("windows that a function makes no sense of", async () => {
    const parse = { extendedRangeSelectors: true } as const;
    const query = "deriv(x_total[5m] anchored)";
    const ask = async (): Promise<unknown> =>
      read(engine.range({ query, ...hour, parse }, sampleStore(), call()));
    expect(await idOf(ask)).toBe("err-urd-query-execution");
  });

  test("label sets that meet", async () => {
    const store = sampleStore();
    store.add(
      labelsFrom([
        ["__name__", "y_total"],
        ["job", "a"],
        ["i", "1"],
      ]),
      0,
      1,
    );
    const ask = (query: string) => async (): Promise<unknown> =>
      read(createEngine().instant({ query, timeMs: 0 }, store, call()));
    expect(await idOf(ask('-{job="a"}'))).toBe("err-urd-query-execution");
    expect(await idOf(ask('count_over_time({job="a"}[5m])'))).toBe("err-urd-query-execution");
    expect(await idOf(ask('count({job="a"} + 0 or x_total)'))).toBe("err-urd-query-execution");
  });
});

describe("delayed name removal", () => {
  test("names go at the end of the query", async () => {
    const engine = createEngine({ delayedNameRemoval: true });
    const query = "count by (__name__) (x_total * 2)";
    const rows = await read(engine.instant({ query, timeMs: 0 }, sampleStore(), call()));
    expect(rows).toEqual([["", [4]]]);
  });
});

describe("remarks of shared parts", () => {
  test("reach the answer from inside other shared parts too", async () => {
    const store = createMemoryQueryable();
    store.add(labelsFrom([["__name__", "x"]]), 0, 1);
    store.add(labelsFrom([["__name__", "x"]]), minute, 2);
    const rate = "sum(rate(x[5m]))";
    const query = `(${rate} + 1) * (${rate} + 1) + ${rate}`;
    const result = createEngine().instant({ query, timeMs: minute }, store, call());
    await read(result);
    const place = query.lastIndexOf("x[") + 1;
    expect(result.annotations().infos).toEqual([
      `PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (1:${place})`,
    ]);
  });
});

test("of a changing quantile the worst are remarked on; beside a NaN only infinities", async () => {
  const worst = async (...params: number[]): Promise<readonly string[]> => {
    const store = sampleStore();
    params.forEach((value, i) => store.add(labelsFrom([["__name__", "q"]]), i * minute, value));
    const query = "quantile(scalar(q), x_total)";
    const times = { startMs: 0, endMs: (params.length - 1) * minute, stepMs: minute };
    const result = createEngine().range({ query, ...times }, store, call());
    await read(result);
    return result.annotations().warnings.map((text) => /got (\S+)/.exec(text)?.[1] ?? text);
  };
  expect(await worst(0.5, 2, 3, -1, -2)).toEqual(["3", "-2"]);
  expect(await worst(2, Number.NaN, -1)).toEqual(["NaN"]);
  expect(await worst(2, Number.NaN, -Infinity)).toEqual(["NaN", "-Inf"]);
  expect(await worst(0, 1)).toEqual([]);
});
