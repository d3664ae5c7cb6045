import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { encodePayload, type TestHistogram } from "../support/kernel-payloads.ts";
import { type LiveUrd, startUrd } from "../support/live-urd.ts";
import { histogramOf } from "../support/native-histograms.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let urd: LiveUrd;
beforeAll(async () => {
  urd = await startUrd();
});
afterAll(() => urd.stop());

const nowMs = Date.now();

const counter = (agoMs: number, count: number, isFloat: boolean): TestHistogram =>
  histogramOf({
    timeMs: nowMs - agoMs,
    isFloat,
    schema: 0,
    positive: [{ offset: 0, counts: [count, 2 * count] }],
    sum: 4 * count,
  });

async function query(expression: string): Promise<unknown> {
  const time = nowMs / 1000;
  const answer = await fetch(
    `${urd.url}/api/v1/query?query=${encodeURIComponent(expression)}&time=${time}`,
  );
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: { result: unknown } }).data.result;
}

test.each([
  ["integers, 1.0", 1, false],
  ["floats, 2.0", 2, true],
] as const)("%s: what is written is told and found", async (_, format, isFloat) => {
  const name = `requests_${format}`;
  const histograms = [60_000, 45_000, 30_000, 15_000, 0].map((agoMs, i) =>
    counter(agoMs, 10 * (i + 1), isFloat),
  );
  const series = { labels: [["__name__", name]] as const, samples: [], histograms };
  const answer = await urd.write(format, encodePayload(format, [series]));
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
  expect(answer.headers.get("x-prometheus-remote-write-histograms-written")).toBe("5");
  expect(answer.headers.get("x-prometheus-remote-write-samples-written")).toBe("0");
  const values = async (expression: string) =>
    ((await query(expression)) as { value: [number, string] }[]).map(({ value }) => value[1]);
  expect(await values(`histogram_count(${name})`)).toEqual(["150"]);
  expect(await values(`histogram_sum(increase(${name}[1m]))`)).toHaveLength(1);
  expect(await query(name)).toMatchObject([
    {
      histogram: [
        nowMs / 1000,
        {
          count: "150",
          sum: "200",
          buckets: [
            [0, "0.5", "1", "50"],
            [0, "1", "2", "100"],
          ],
        },
      ],
    },
  ]);
});

test("one that is wrong is refused alone, with the reason", async () => {
  const wrong = { ...counter(0, 3, false), count: { case: "countInt", value: 4n } } as const;
  const name = [["__name__", "alone"]] as const;
  const payload = encodePayload(1, [
    { labels: name, samples: [], histograms: [counter(15_000, 1, false), wrong] },
    { labels: [["__name__", "neighbour"]], samples: [[nowMs, 7]] },
  ]);
  const answer = await urd.write(1, payload);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain("err-urd-native-histogram-count-mismatch");
  expect(answer.headers.get("x-prometheus-remote-write-histograms-written")).toBe("1");
  expect(await query("neighbour")).toMatchObject([{ value: [nowMs / 1000, "7"] }]);
});
