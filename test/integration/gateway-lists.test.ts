import { describe, expect, test } from "vitest";
import type { ExemplarsRequest } from "../../gen/urd/query/v1/query_pb.ts";
import { ask } from "../support/gateway-scene.ts";
import { form, type Query, scene } from "../support/read-scene.ts";

describe("lists", () => {
  test("series: GET and POST, key order as the labels come, warnings at the end", async () => {
    const { to, met } = await scene();
    const expected =
      '{"status":"success","data":[{"__name__":"up","job":"a\\"b"},{"__name__":"up","job":"c"},{}],"warnings":["cut"]}';
    expect((await ask(to, "/api/v1/series?match[]=up&limit=40000")).text).toBe(expected);
    const body = "match[]=up&start=1&end=2";
    expect((await ask(to, "/api/v1/series", { method: "POST", headers: form, body })).text).toBe(
      expected,
    );
    expect(met.series[0]).toMatchObject({ selectors: ["up"], limit: 40_000n });
    expect(met.series[0]?.startMs).toBeUndefined();
    expect(met.series[1]).toMatchObject({ startMs: 1000n, endMs: 2000n });
  });

  test("label names: an empty list is [], never null", async () => {
    const { to } = await scene();
    for (const method of ["GET", "POST"]) {
      const answer = await ask(to, "/api/v1/labels", { method });
      expect(answer.text).toBe('{"status":"success","data":[]}');
    }
  });

  test.each([
    ["U__my_2e_label", "my.label"],
    ["U__a__b", "a_b"],
    ["U__zz_zz_", "U__zz_zz_"],
    ["my.label", "my.label"],
    ["a%2Fb", "a/b"],
    ["%C3%BC", "\u00fc"],
  ])("label values of %s", async (segment, name) => {
    const { to, met } = await scene();
    const answer = await ask(to, `/prometheus/api/v1/label/${segment}/values?match[]=up&limit=5`);
    expect(answer.text).toBe('{"status":"success","data":["a","b\\n"],"warnings":["cut"]}');
    expect(met.values[0]).toMatchObject({ name, selectors: ["up"], limit: 5n });
  });

  test("metadata by family, in order, also for names that look like numbers", async () => {
    const { to, met } = await scene();
    const answer = await ask(to, "/api/v1/metadata?limit=0&metric=m&limit_per_metric=2");
    expect(answer.text).toBe(
      '{"status":"success","data":{"10":[{"type":"counter","help":"h","unit":""}],' +
        '"9":[{"type":"gauge","help":"x","unit":"bytes"},{"type":"gauge","help":"y","unit":""}]}}',
    );
    expect(met.metadata[0]).toMatchObject({ metric: "m", limit: 0n, limitPerMetric: 2n });
  });

  test("Grafana's exemplar probe: POST with times in milliseconds", async () => {
    const { to } = await scene({ async *exemplars() {} });
    const body = "query=test&start=1700000000000&end=1700000001000";
    const answer = await ask(to, "/api/v1/query_exemplars", {
      method: "POST",
      headers: form,
      body,
    });
    expect([answer.status, answer.text]).toEqual([200, '{"status":"success","data":[]}']);
  });

  test("exemplars: the labels of a series first, values as Prometheus prints them", async () => {
    const asked: ExemplarsRequest[] = [];
    const exemplar = (value: number) => ({ labels: ["trace_id", 'a"b'], value, timeMs: 1500n });
    const { to } = await scene({
      async *exemplars(request) {
        asked.push(request);
        yield { series: [{ labels: ["__name__", "m", "9", "x"], exemplars: [exemplar(1e-7)] }] };
        yield { series: [{ labels: ["__name__", "n"], exemplars: [exemplar(-0), exemplar(NaN)] }] };
      },
    });
    const answer = await ask(to, "/api/v1/query_exemplars?query=m&start=1&end=2.5");
    const item = (value: string) =>
      `{"labels":{"trace_id":"a\\"b"},"value":"${value}","timestamp":1.5}`;
    expect(answer.text).toBe(
      '{"status":"success","data":[' +
        `{"seriesLabels":{"__name__":"m","9":"x"},"exemplars":[${item("1e-07")}]},` +
        `{"seriesLabels":{"__name__":"n"},"exemplars":[${item("-0")},${item("NaN")}]}]}`,
    );
    expect(asked[0]).toMatchObject({ query: "m", startMs: 1000n, endMs: 2500n });
  });

  test("rules and alerts are empty lists", async () => {
    const { to } = await scene();
    expect((await ask(to, "/prometheus/api/v1/rules")).text).toBe(
      '{"status":"success","data":{"groups":[]}}',
    );
    expect((await ask(to, "/prometheus/api/v1/alerts")).text).toBe(
      '{"status":"success","data":{"alerts":[]}}',
    );
  });
});

describe("queries at work", () => {
  const cancelled: string[] = [];
  const own: Query = {
    listQueries: () => ({
      queries: [
        {
          ...{ id: "query-0.7", query: "up", startedMs: 1000n, threadUs: 2500n, samples: 8n },
          ...{ startMs: 0n, endMs: 60_000n, stepMs: 15_000n },
        },
      ],
    }),
    cancelQuery({ id }) {
      cancelled.push(id);
      return { found: id === "query-0.7" };
    },
  };
  const path = "/api/v1/status/active_queries";

  test("are listed", async () => {
    const { to } = await scene(own);
    expect(JSON.parse((await ask(to, path)).text)).toEqual({
      status: "success",
      data: [
        {
          ...{ id: "query-0.7", query: "up", startedAt: "1970-01-01T00:00:01.000Z" },
          ...{ start: 0, end: 60, step: 15, threadSeconds: 0.0025, samples: 8 },
        },
      ],
    });
  });

  test("are cancelled by a POST, not by pages of other origins", async () => {
    const { to } = await scene(own);
    const post = (id: string, headers: Record<string, string> = {}) =>
      ask(to, `${path}/cancel?id=${id}`, { method: "POST", headers });
    expect((await ask(to, `${path}/cancel?id=query-0.7`)).status).toBe(405);
    expect((await post("query-0.7", { Origin: "http://evil.example" })).status).toBe(400);
    expect((await post("")).status).toBe(400);
    expect(cancelled).toEqual([]);
    expect((await post("query-0.7")).text).toBe('{"status":"success"}');
    expect((await post("query-0.7", { Origin: `http://127.0.0.1:${to.port}` })).status).toBe(200);
    expect((await post("query-0.8")).status).toBe(404);
    expect(cancelled).toEqual(["query-0.7", "query-0.7", "query-0.8"]);
  });
});

describe("the form of queries", () => {
  test("format_query and parse_query answer as Prometheus does", async () => {
    const { to } = await scene();
    const body = "query=sum(up)by(a)";
    const formatted = await ask(to, "/api/v1/format_query", {
      method: "POST",
      headers: form,
      body,
    });
    expect(formatted.text).toBe('{"status":"success","data":"sum by (a) (up)"}');
    const parsed = await ask(to, "/prometheus/api/v1/parse_query?query=1");
    expect(parsed.text).toBe('{"status":"success","data":{"type":"numberLiteral","val":"1"}}');
  });

  test("what is no query is told where it breaks", async () => {
    const { to } = await scene();
    const answer = await ask(to, "/api/v1/format_query?query=sum(");
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      400,
      {
        status: "error",
        errorType: "bad_data",
        error: 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
      },
    ]);
    const long = `query=${"x".repeat(300_000)}`;
    const refused = await ask(to, "/api/v1/parse_query", {
      method: "POST",
      headers: form,
      body: long,
    });
    expect(refused.status).toBe(413);
  });
});

describe("what the process tells about itself", () => {
  test("build information has features, as strings, and needs no tenant", async () => {
    const { to } = await scene({}, { multitenancyEnabled: true });
    const answer = await ask(to, "/prometheus/api/v1/status/buildinfo");
    const { data } = JSON.parse(answer.text) as { data: { features: Record<string, unknown> } };
    expect(data).toMatchObject({ application: "Urd", version: "1.2.3", revision: "abc" });
    expect(Object.values(data.features).every((value) => typeof value === "string")).toBe(true);
    expect((await ask(to, "/api/v1/status/flags")).text).toBe('{"status":"success","data":{}}');
    expect((await ask(to, "/api/v1/status/config")).status).toBe(200);
  });

  test("what Urd does not do is empty, not missing, and needs no tenant", async () => {
    const { to } = await scene({}, { multitenancyEnabled: true });
    for (const [path, data] of [
      ["targets", { activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }],
      ["targets/metadata", []],
      ["scrape_pools", { scrapePools: [] }],
      ["alertmanagers", { activeAlertmanagers: [], droppedAlertmanagers: [] }],
      ["notifications", []],
    ] as const) {
      for (const prefix of ["", "/prometheus"]) {
        const answer = await ask(to, `${prefix}/api/v1/${path}?state=active`);
        expect([answer.status, JSON.parse(answer.text)]).toEqual([
          200,
          { status: "success", data },
        ]);
      }
    }
  });

  test("features by kind, and when the process began", async () => {
    const { to } = await scene();
    const found = JSON.parse((await ask(to, "/api/v1/features")).text) as {
      data: Record<string, Record<string, boolean>>;
    };
    expect(found.data["api"]).toMatchObject({ query_stats: true, label_values_match: true });
    expect(found.data["promql"]).toMatchObject({ subqueries: true, anchored: false });
    expect(found.data["promql_functions"]).toMatchObject({ rate: true, mad_over_time: false });
    expect(found.data["promql_operators"]).toMatchObject({
      topk: true,
      limitk: false,
      atan2: true,
    });
    const info = JSON.parse((await ask(to, "/api/v1/status/runtimeinfo")).text) as {
      data: { startTime: string; serverTime: string; GOMAXPROCS: number };
    };
    const { startTime, serverTime, GOMAXPROCS } = info.data;
    expect(Date.parse(serverTime) - Date.parse(startTime)).toBeGreaterThanOrEqual(0);
    expect(GOMAXPROCS).toBeGreaterThan(0);
  });

  test("readiness at every path that clients ask", async () => {
    const { to } = await scene();
    for (const path of ["/ready", "/-/ready", "/-/healthy"]) {
      expect((await ask(to, path)).status).toBe(200);
    }
    const { to: starting } = await scene({}, { notReady: "shard 0 replays its log" });
    const answer = await ask(starting, "/-/ready");
    expect([answer.status, answer.text]).toEqual([503, "shard 0 replays its log\n"]);
    expect((await ask(starting, "/-/healthy")).status).toBe(200);
  });

  test("metrics and pages", async () => {
    const { to } = await scene();
    const answer = await ask(to, "/metrics");
    expect([answer.text, answer.headers["content-type"]]).toEqual([
      "urd_up 1\n",
      "text/plain; version=0.0.4",
    ]);
    expect((await ask(to, "/")).text).toBe("the first page");
  });

  test("what is not there is 404, another method 405, in plain text", async () => {
    const { to } = await scene();
    for (const path of [
      "/api/v1/nope",
      "/nope",
      "/api/v1/status/nope",
      "/api/v1/label/a/b/values",
    ]) {
      const answer = await ask(to, path);
      expect([answer.status, answer.text]).toEqual([404, "404 page not found\n"]);
    }
    for (const [method, path, allow] of [
      ["PUT", "/api/v1/query", "GET, OPTIONS, POST"],
      ["POST", "/api/v1/label/a/values", "GET, OPTIONS"],
      ["POST", "/api/v1/metadata", "GET, OPTIONS"],
    ] as const) {
      const answer = await ask(to, path, { method });
      expect([answer.status, answer.headers["allow"]]).toEqual([405, allow]);
    }
  });
});
