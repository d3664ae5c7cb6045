import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import { type LiveUrd, startUrd } from "../support/live-urd.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let urd: LiveUrd;
beforeAll(async () => {
  urd = await startUrd();
});
afterAll(() => urd.stop());

const nowMs = Date.now();
const label = (name: string, value: string) => ({ name, value });

async function exemplarsOf(query: string): Promise<unknown> {
  const answer = await fetch(
    `${urd.url}/api/v1/query_exemplars?query=${encodeURIComponent(query)}&start=0&end=${nowMs}`,
  );
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { data: unknown }).data;
}

test("an exemplar before its series' first sample, in 1.0", async () => {
  const message = toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      timeseries: [
        {
          labels: [label("__name__", "early"), label("job", "a")],
          exemplars: [{ labels: [label("trace_id", "abc")], value: 0.5, timestamp: BigInt(nowMs) }],
        },
      ],
    }),
  );
  const answer = await urd.write(1, message);
  expect(answer.status).toBe(204);
  expect(await exemplarsOf("rate(early[5m])")).toEqual([
    {
      seriesLabels: { __name__: "early", job: "a" },
      exemplars: [{ labels: { trace_id: "abc" }, value: "0.5", timestamp: nowMs / 1000 }],
    },
  ]);
});

test("2.0 tells how many were written; those of a second kind of expression are found", async () => {
  const message = toBinary(
    RequestSchema,
    create(RequestSchema, {
      symbols: ["", "__name__", "late_bucket", "le", "1", "+Inf", "trace_id", "x", "y"],
      timeseries: [
        {
          labelsRefs: [1, 2, 3, 4],
          samples: [{ value: 1, timestamp: BigInt(nowMs) }],
          exemplars: [{ labelsRefs: [6, 7], value: 0.7, timestamp: BigInt(nowMs) }],
        },
        {
          labelsRefs: [1, 2, 3, 5],
          exemplars: [
            { labelsRefs: [6, 8], value: 3, timestamp: BigInt(nowMs - 1) },
            { labelsRefs: [6, 8], value: 4, timestamp: BigInt(nowMs) },
          ],
        },
      ],
    }),
  );
  const answer = await urd.write(2, message);
  expect(answer.status).toBe(204);
  expect(answer.headers.get("x-prometheus-remote-write-samples-written")).toBe("1");
  expect(answer.headers.get("x-prometheus-remote-write-exemplars-written")).toBe("3");
  const found = await exemplarsOf("histogram_quantile(0.9, rate(late_bucket[5m])) + early");
  expect(found).toMatchObject([
    { seriesLabels: { __name__: "early" } },
    { seriesLabels: { le: "+Inf" }, exemplars: [{ value: "3" }, { value: "4" }] },
    { seriesLabels: { le: "1" }, exemplars: [{ value: "0.7" }] },
  ]);
  expect(await exemplarsOf('late_bucket{le!~"1|[+]Inf"}')).toEqual([]);
  expect(await exemplarsOf("1 + 1")).toEqual([]);
});

test("what is wrong with the query is told", async () => {
  const answer = await fetch(`${urd.url}/api/v1/query_exemplars?query=sum(`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toEqual({
    status: "error",
    errorType: "bad_data",
    error: "1:5: parse error: unclosed left parenthesis",
  });
  const late = await fetch(`${urd.url}/api/v1/query_exemplars?query=up&start=5&end=1`);
  expect(await late.json()).toMatchObject({
    error: "end timestamp must not be before start timestamp",
  });
});
