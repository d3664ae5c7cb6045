import { connect } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ResultFormat } from "../../gen/urd/query/v1/query_pb.ts";
import { urdError } from "../../server/model/index.ts";
import { ask } from "../support/gateway-scene.ts";
import { form, piece, scalar, scene } from "../support/read-scene.ts";

describe("parameters come from the address and from a form, whatever the type says", () => {
  test.each(["/api/v1/query", "/prometheus/api/v1/query"])("GET %s", async (path) => {
    const { to, met } = await scene();
    const answer = await ask(to, `${path}?query=1%2B1&time=4`);
    expect([answer.status, answer.text]).toEqual([200, scalar]);
    expect(answer.headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(scalar.length),
      "cache-control": "no-store",
      vary: "Accept-Encoding",
    });
    expect(met.instant[0]).toMatchObject({
      query: "1+1",
      timeMs: 4000n,
      options: { format: ResultFormat.PROMETHEUS_JSON, limit: 0n, timeoutMs: 0n },
    });
    expect(met.tenants).toEqual(["anonymous"]);
  });

  test("vmalert: POST, empty body, JSON type, everything in the address", async () => {
    const { to, met } = await scene();
    const answer = await ask(to, "/api/v1/query?query=up&time=1.5&step=60s&nocache=1", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "",
    });
    expect(answer.status).toBe(200);
    expect(met.instant[0]).toMatchObject({ query: "up", timeMs: 1500n });
  });

  test("a body that is no form is left alone", async () => {
    const { to, met } = await scene();
    await ask(to, "/api/v1/query?query=up", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: "query=other",
    });
    expect(met.instant[0]?.query).toBe("up");
  });

  test("axios: a form type on a GET, with a charset", async () => {
    const { to, met } = await scene();
    await ask(to, "/api/v1/query?query=up", {
      headers: { "Content-Type": "application/x-www-form-urlencoded;charset=utf-8" },
    });
    expect(met.instant[0]?.query).toBe("up");
  });

  test("fetch: a form with a charset in capitals; the body comes before the address", async () => {
    const { to, met } = await scene();
    await ask(to, "/api/v1/query?query=other&time=7", {
      method: "POST",
      headers: { "Content-Type": "Application/X-WWW-Form-Urlencoded;charset=UTF-8" },
      body: "query=up%20%2B+1",
    });
    expect(met.instant[0]).toMatchObject({ query: "up + 1", timeMs: 7000n });
  });

  test("a query of 240 kB as a chunked form", async () => {
    const { to, met } = await scene();
    const query = `up{job=~"${"x".repeat(240_000)}"}`;
    await ask(to, "/api/v1/query", {
      method: "POST",
      headers: form,
      body: `query=${encodeURIComponent(query)}`,
      chunked: true,
    });
    expect(met.instant[0]?.query).toBe(query);
  });

  test("a body over 10 MiB is a 413, declared or not", async () => {
    const { to } = await scene();
    const body = `query=${"x".repeat(10 * 2 ** 20)}`;
    for (const chunked of [false, true]) {
      const answer = await ask(to, "/api/v1/query", {
        method: "POST",
        headers: form,
        body,
        chunked,
      });
      expect(answer.status).toBe(413);
      expect(JSON.parse(answer.text)).toMatchObject({ errorType: "too_large_entry" });
    }
  });

  test("match[] may come unescaped", async () => {
    const { to, met } = await scene();
    const socket = connect(to.port, "127.0.0.1");
    socket.write(
      'GET /api/v1/series?match[]={job="u"}&match[]=up HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    await new Promise((resolve) => socket.on("close", resolve).resume());
    expect(met.series[0]?.selectors).toEqual(['{job="u"}', "up"]);
  });
});

describe("parameters that cannot be used are named in Prometheus's words", () => {
  const timestamp = 'to a valid timestamp"}';
  test.each([
    [
      "query?time=x",
      `invalid parameter "time": invalid time value for 'time': cannot parse "x" to a valid timestamp`,
    ],
    ["query?limit=x", 'invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax'],
    ["query?limit=-2", 'invalid parameter "limit": limit must be non-negative'],
    ["query?timeout=q", 'invalid parameter "timeout": cannot parse "q" to a valid duration'],
    [
      "query?lookback_delta=q",
      'error parsing lookback delta duration: cannot parse "q" to a valid duration',
    ],
    [
      "query_range?start=x&end=1&step=1",
      'invalid parameter "start": cannot parse "x" to a valid timestamp',
    ],
    ["query_range?end=1&step=1", 'invalid parameter "start": cannot parse "" to a valid timestamp'],
    [
      "query_range?start=5&end=1&step=1",
      'invalid parameter "end": end timestamp must not be before start time',
    ],
    [
      "query_range?start=0&end=1&step=",
      'invalid parameter "step": cannot parse "" to a valid duration',
    ],
    [
      "query_range?start=0&end=1&step=0",
      'invalid parameter "step": zero or negative query resolution step widths are not accepted. Try a positive integer',
    ],
    [
      "query_range?start=0&end=11001&step=1",
      "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
    ],
    ["series", "no match[] parameter provided"],
    [
      "series?match[]=up&start=x",
      `invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`,
    ],
    [
      "labels?limit=99999999999999999999",
      'invalid parameter "limit": strconv.Atoi: parsing "99999999999999999999": value out of range',
    ],
    ["metadata?limit=x", "limit must be a number"],
    ["metadata?limit_per_metric=x", "limit_per_metric must be a number"],
    ["rules?type=foo", 'invalid parameter "type": not supported value "foo"'],
    ["label/%ff/values", 'invalid label name: "%ff"'],
  ])("%s", async (path, error) => {
    const { to } = await scene();
    const answer = await ask(to, `/api/v1/${path}`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toEqual({ status: "error", errorType: "bad_data", error });
    expect(answer.text.indexOf(timestamp) < 0 || answer.text.endsWith(timestamp)).toBe(true);
  });

  test("11,000 points are allowed", async () => {
    const { to, met } = await scene();
    expect((await ask(to, "/api/v1/query_range?query=1&start=0&end=11000&step=1")).status).toBe(
      200,
    );
    expect(met.range[0]).toMatchObject({ startMs: 0n, endMs: 11_000_000n, stepMs: 1000n });
  });
});

describe("errors of the query service", () => {
  test.each([
    ["query-invalid", 400, "bad_data", 'invalid parameter "query": 1:4: parse error: x'],
    ["query-execution", 422, "execution", "1:4: parse error: x"],
    ["query-timeout", 503, "timeout", "1:4: parse error: x"],
    ["query-incomplete", 503, "unavailable", "1:4: parse error: x (err-urd-query-incomplete)"],
    ["not-found", 404, "not_found", "1:4: parse error: x (err-urd-not-found)"],
    ["max-samples-per-query", 422, "execution", "querier.max_samples"],
    ["query-queue-full", 429, "too_many_requests", "max_outstanding_requests_per_tenant"],
  ] as const)("%s", async (id, status, errorType, text) => {
    const { to } = await scene({
      async *queryInstant() {
        yield piece("");
        throw urdError(id, "1:4: parse error: x");
      },
    });
    const answer = await ask(to, "/api/v1/query?query=x");
    expect(answer.status).toBe(status);
    const body = JSON.parse(answer.text) as { error: string };
    expect(body).toMatchObject({ status: "error", errorType });
    expect(body.error).toContain(text);
    expect(answer.headers["retry-after"] !== undefined).toBe(status === 429 || status >= 500);
  });

  test("a bug keeps its text to the log", async () => {
    const { to } = await scene({
      labelNames() {
        throw new TypeError("secret path");
      },
    });
    const answer = await ask(to, "/api/v1/labels");
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.text)).toMatchObject({ errorType: "internal" });
  });

  test("an error after less than a mebibyte still gets its status", async () => {
    const { to } = await scene({
      async *queryInstant() {
        yield piece("x".repeat(2 ** 20 - 1));
        throw urdError("query-execution", "late");
      },
    });
    const answer = await ask(to, "/api/v1/query?query=x");
    expect([answer.status, answer.broken]).toEqual([422, false]);
  });

  test.each(["gzip", undefined])("a later one breaks the answer off (%s)", async (encoding) => {
    const { to } = await scene({
      async *queryInstant() {
        for (let i = 0; i < 20; i++) yield piece(String(i).repeat(2 ** 17));
        throw urdError("query-execution", "late");
      },
    });
    const headers: Record<string, string> =
      encoding === undefined ? {} : { "Accept-Encoding": encoding };
    const answer = await ask(to, "/api/v1/query?query=x", { headers });
    expect([answer.status, answer.broken]).toEqual([200, true]);
  });
});

describe("long answers", () => {
  test("go out at the client's pace, whole and in order", async () => {
    let yielded = 0;
    const { to } = await scene({
      async *queryInstant() {
        for (; yielded < 200; yielded++) yield piece(String(yielded % 10).repeat(2 ** 17));
      },
    });
    const socket = connect(to.port, "127.0.0.1");
    socket.write("GET /api/v1/query?query=x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    socket.pause();
    let before = -1;
    while (before !== yielded) {
      before = yielded;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(yielded).toBeLessThan(150);
    let sizeBytes = 0;
    socket.on("data", (chunk) => {
      sizeBytes += chunk.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.on("close", resolve));
    expect(yielded).toBe(200);
    expect(sizeBytes).toBeGreaterThan(200 * 2 ** 17);
  });

  test("a client that hangs up cancels its query, before the first byte and after", async () => {
    for (const pieces of [0, 20]) {
      const cancelled = Promise.withResolvers<void>();
      const { to } = await scene({
        async *queryInstant(_, context) {
          context.signal.addEventListener("abort", () => cancelled.resolve());
          for (let i = 0; i < pieces; i++) yield piece("x".repeat(2 ** 20));
          await new Promise(() => {});
        },
      });
      const socket = connect(to.port, "127.0.0.1");
      socket.write("GET /api/v1/query?query=x HTTP/1.1\r\nHost: x\r\n\r\n");
      await new Promise((resolve) => setTimeout(resolve, 50));
      socket.destroy();
      await cancelled.promise;
    }
  });
});

describe("compression", () => {
  const long = JSON.stringify({ status: "success", data: "x".repeat(5000) });
  test.each([
    ["gzip", "gzip", gunzipSync],
    ["deflate, gzip, br, zstd", "deflate", inflateSync],
    ["br;q=1.0, gzip;q=0.8", "br", brotliDecompressSync],
    ["gzip;q=0, zstd", "zstd", zstdDecompressSync],
    ["foo, GZIP", "gzip", gunzipSync],
    ["identity, gzip", undefined, (bytes: Uint8Array) => Buffer.from(bytes)],
    ["", undefined, (bytes: Uint8Array) => Buffer.from(bytes)],
  ])("%j takes %s", async (accept, encoding, decode) => {
    const { to } = await scene({
      async *queryInstant() {
        yield piece(long);
      },
    });
    const answer = await ask(to, "/api/v1/query?query=x", {
      headers: { "Accept-Encoding": accept },
    });
    expect(answer.headers["content-encoding"]).toBe(encoding);
    expect(answer.headers["vary"]).toBe("Accept-Encoding");
    expect(decode(answer.body).toString()).toBe(long);
  });

  test("small answers stay as they are", async () => {
    const { to } = await scene();
    const answer = await ask(to, "/api/v1/query?query=x", {
      headers: { "Accept-Encoding": "gzip" },
    });
    expect([answer.headers["content-encoding"], answer.text]).toEqual([undefined, scalar]);
  });
});

describe("tenants and pages of other origins", () => {
  test("a preflight is answered without tenant, and allows to send one", async () => {
    const { to } = await scene({}, { multitenancyEnabled: true });
    const answer = await ask(to, "/api/v1/query", {
      method: "OPTIONS",
      headers: { Origin: "http://page", "Access-Control-Request-Method": "POST" },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
    for (const name of ["X-Scope-OrgID", "Authorization", "Content-Type"]) {
      expect(answer.headers["access-control-allow-headers"]).toContain(name);
    }
  });

  test("errors can be read by pages too", async () => {
    const { to } = await scene({}, { multitenancyEnabled: true });
    const headers = { Origin: "http://page" };
    const missing = await ask(to, "/api/v1/query?query=x", { headers });
    expect([missing.status, missing.headers["access-control-allow-origin"]]).toEqual([401, "*"]);
    const unknown = await ask(to, "/nope", { headers });
    expect([unknown.status, unknown.headers["access-control-allow-origin"]]).toEqual([404, "*"]);
  });

  test.each([
    ["a/b", 400],
    ["a|b", 400],
    [["a", "b"], 400],
    ["", 401],
  ])("a tenant that cannot be (%j) is %d on reads", async (id, status) => {
    const { to, met } = await scene({}, { multitenancyEnabled: true });
    const answer = await ask(to, "/api/v1/query?query=x", { headers: { "X-Scope-OrgID": id } });
    expect(answer.status).toBe(status);
    expect(met.instant).toEqual([]);
  });

  test("the tenant goes with the call", async () => {
    const { to, met } = await scene({}, { multitenancyEnabled: true });
    await ask(to, "/api/v1/query?query=x", { headers: { "X-Scope-OrgID": "team-b" } });
    expect(met.tenants).toEqual(["team-b"]);
  });
});
