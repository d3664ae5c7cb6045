import { connect } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import { type LiveUrd, startUrd } from "../support/live-urd.ts";

/** What real readers ask of a whole process: vmalert, Grafana, promtool, editors and browsers. */
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let urd: LiveUrd;
const nowMs = Date.now();
const seriesCount = 2000;

beforeAll(async () => {
  urd = await startUrd(["--self-monitoring.enabled=false"]);
  const timeseries = Array.from({ length: seriesCount }, (_, i) => ({
    labels: [
      { name: "__name__", value: "load" },
      { name: "my.label", value: "dotted" },
      { name: "i", value: String(i) },
    ],
    samples: Array.from({ length: 60 }, (__, k) => ({
      timestamp: BigInt(nowMs - (60 - k) * 10_000),
      value: k,
    })),
  }));
  const message = toBinary(WriteRequestSchema, create(WriteRequestSchema, { timeseries }));
  const answer = await urd.write(1, message);
  expect(answer.status).toBe(204);
});
afterAll(() => urd.stop());

const form = { "Content-Type": "application/x-www-form-urlencoded" };

async function get(
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${urd.url}${path}`, init);
  return { status: answer.status, text: await answer.text() };
}

/** A busy machine takes its time to begin a query. */
const patience = { timeout: 20_000 };

/** Takes many seconds. */
const heavy = encodeURIComponent("sum by (i) (quantile_over_time(0.9, load[10m:100ms]))");

const range = `start=${nowMs / 1000 - 600}&end=${nowMs / 1000}&step=15`;

/** Sends bytes as they stand and reads until the connection closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(urd.url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (bytes: Buffer) => {
      answer += bytes.toString();
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(text);
  });
}

describe("queries", () => {
  test("vmalert: POST, no body, a JSON type, everything in the address", async () => {
    const headers = { "Content-Type": "application/json" };
    const answer = await get(`/api/v1/query?query=1%2B1&time=4&step=60s`, {
      method: "POST",
      headers,
    });
    expect(answer).toEqual({
      status: 200,
      text: '{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}',
    });
  });

  test("Grafana: the health check, and keys in the order that stream readers need", async () => {
    const body = "query=1%2B1&time=4";
    const path = "/prometheus/api/v1/query";
    const answer = await get(path, { method: "POST", headers: form, body });
    expect(answer.text).toContain('"data":{"resultType":"scalar","result":[4,"2"]}');
  });

  test("the editor: times in ISO form with milliseconds", async () => {
    const iso = (ms: number) => new Date(ms).toISOString();
    const query = `query=count(load)&start=${iso(nowMs - 60_000)}&end=${iso(nowMs)}&step=30`;
    const answer = await get(`/api/v1/query_range?${query}`);
    const { data } = JSON.parse(answer.text) as { data: { result: { values: unknown[] }[] } };
    expect(data.result.map(({ values }) => values.length)).toEqual([3]);
  });

  test("texts that people read are Prometheus's", async () => {
    const wrong = await get("/api/v1/query?query=sum(");
    expect(JSON.parse(wrong.text)).toEqual({
      status: "error",
      errorType: "bad_data",
      error: 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
    });
    const many = await get(`/api/v1/query_range?query=load&start=0&end=11001&step=1`);
    expect([many.status, many.text]).toEqual([
      400,
      expect.stringContaining("exceeded maximum resolution of 11,000 points per timeseries"),
    ]);
    const twice = await get(
      `/api/v1/query?query=${encodeURIComponent("load * on (job) load")}&time=${nowMs / 1000 - 20}`,
    );
    expect([twice.status, JSON.parse(twice.text)]).toMatchObject([422, { errorType: "execution" }]);
  });

  test("stats=all, by step; a limit cuts the list and says so", async () => {
    const answer = await get(`/api/v1/query_range?query=load&${range}&limit=3&stats=all`);
    const body = JSON.parse(answer.text) as {
      warnings: string[];
      data: {
        result: unknown[];
        stats: { samples: { totalQueryableSamplesPerStep: [number, number][] } };
      };
    };
    expect(body.data.result).toHaveLength(3);
    expect(body.warnings).toEqual(["results truncated due to limit"]);
    const steps = body.data.stats.samples.totalQueryableSamplesPerStep;
    expect(steps).toHaveLength(41);
    expect(steps.at(-1)).toEqual([nowMs / 1000, seriesCount]);
  });

  test("Go clients get gzip, and caches hear of it", async () => {
    const answer = await fetch(`${urd.url}/api/v1/query_range?query=load&${range}`, {
      headers: { "Accept-Encoding": "gzip" },
    });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect(answer.headers.get("vary")).toBe("Accept-Encoding");
    const { data } = (await answer.json()) as { data: { result: unknown[] } };
    expect(data.result).toHaveLength(seriesCount);
  });

  test("a form of 240 kB behind Expect: 100-continue, HTTP/1.0, and match[] as it is", async () => {
    const body = `query=${encodeURIComponent(`load{i=~"${"9|".repeat(80_000)}0"}`)}&time=4`;
    const head = `POST /api/v1/query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: ${form["Content-Type"]}\r\n`;
    const large = await raw(
      `${head}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(large).toContain("HTTP/1.1 100 Continue");
    expect(large).toContain('"resultType":"vector","result":[]');
    const old = await raw("GET /api/v1/query?query=1&time=4 HTTP/1.0\r\n\r\n");
    expect(old).toMatch(/^HTTP\/1\.[01] 200 .*\[4,"1"\]/s);
    const plain =
      'GET /api/v1/series?match[]={i="7"} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    expect(await raw(plain)).toContain('{"__name__":"load","i":"7","my.label":"dotted"}');
  });

  test("eight heavy queries whose clients hang up do not hold the next one", async () => {
    const leave = new AbortController();
    const gone = Array.from({ length: 8 }, () =>
      fetch(`${urd.url}/api/v1/query_range?query=${heavy}&${range}`, {
        signal: leave.signal,
      }).catch(() => "gone"),
    );
    await vi.waitFor(async () => {
      const listed = await get("/api/v1/status/active_queries");
      expect((JSON.parse(listed.text) as { data: unknown[] }).data.length).toBe(8);
    }, patience);
    leave.abort();
    expect(await Promise.all(gone)).toEqual(gone.map(() => "gone"));
    const startedMs = performance.now();
    expect((await get("/api/v1/query?query=1")).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    await vi.waitFor(async () => {
      expect((await get("/api/v1/status/active_queries")).text).toContain('"data":[]');
    }, patience);
  });

  test("a query is cancelled by its id, its caller is told", async () => {
    const answer = get(`/api/v1/query_range?query=${heavy}&${range}`);
    const id = await vi.waitFor(async () => {
      const listed = await get("/api/v1/status/active_queries");
      const [query] = (JSON.parse(listed.text) as { data: { id: string }[] }).data;
      expect(query).toBeDefined();
      return query?.id ?? "";
    }, patience);
    const cancel = `/api/v1/status/active_queries/cancel?id=${id}`;
    expect((await get(cancel, { method: "POST" })).status).toBe(200);
    expect((await answer).status).toBe(499);
  });
});

describe("lists and status", () => {
  test("labels by POST and GET, names in the path escaped, empty lists never null", async () => {
    const body = `match[]=load&start=${nowMs / 1000 - 600}&end=${nowMs / 1000}`;
    for (const path of ["labels", "series"]) {
      const answer = await get(`/api/v1/${path}`, { method: "POST", headers: form, body });
      expect(answer.status).toBe(200);
    }
    const dotted = await get("/api/v1/label/U__my_2e_label/values?limit=40000");
    expect(dotted.text).toBe('{"status":"success","data":["dotted"]}');
    expect((await get("/api/v1/series?match[]=nothing")).text).toBe(
      '{"status":"success","data":[]}',
    );
    expect((await get("/api/v1/label/i/values?limit=2")).text).toBe(
      '{"status":"success","data":["0","1"],"warnings":["results truncated due to limit"]}',
    );
    const early = await get("/api/v1/label/i/values?start=0&end=1000");
    expect(early.text).toBe('{"status":"success","data":[]}');
  });

  test("Grafana's exemplar probe, in milliseconds, by POST", async () => {
    const body = `query=test&start=${nowMs - 1000}&end=${nowMs}`;
    const answer = await get("/api/v1/query_exemplars", { method: "POST", headers: form, body });
    expect(answer).toEqual({ status: 200, text: '{"status":"success","data":[]}' });
  });

  test("what readers ask first", async () => {
    const build = await get("/prometheus/api/v1/status/buildinfo");
    const { data } = JSON.parse(build.text) as { data: { features: Record<string, string> } };
    expect(Object.values(data.features).every((value) => value === "false")).toBe(true);
    for (const path of ["status/flags", "status/config", "status/runtimeinfo", "features"]) {
      expect((await get(`/api/v1/${path}`)).status).toBe(200);
    }
    for (const path of ["/-/ready", "/-/healthy", "/ready"]) {
      expect((await get(path)).status).toBe(200);
    }
  });

  test("a page of another origin: the preflight, the answer, the error", async () => {
    const origin = { Origin: "http://page.example" };
    const preflight = await fetch(`${urd.url}/api/v1/query`, {
      method: "OPTIONS",
      headers: origin,
    });
    expect(preflight.status).toBe(204);
    const allowed = preflight.headers.get("access-control-allow-headers") ?? "";
    for (const name of ["X-Scope-OrgID", "Authorization", "Content-Type"]) {
      expect(allowed).toContain(name);
    }
    const wrong = await fetch(`${urd.url}/api/v1/query?query=(`, { headers: origin });
    expect([wrong.status, wrong.headers.get("access-control-allow-origin")]).toEqual([400, "*"]);
  });
});
