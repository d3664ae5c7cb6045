import { connect } from "node:net";
import { zstdCompressSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { urdError } from "../../server/model/index.ts";
import { snappy } from "../support/front-kernel-stand-in.ts";
import {
  ask,
  type GatewayScene,
  type GatewaySceneOptions,
  openGatewayScene,
  type RawAsk,
} from "../support/gateway-scene.ts";
import { writeRequest1, writeRequest2 } from "../support/write-requests.ts";

const open: GatewayScene[] = [];
const scene = async (options?: GatewaySceneOptions): Promise<GatewayScene> => {
  const opened = await openGatewayScene(options);
  open.push(opened);
  return opened;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
});

const series = [{ labels: { job: "x" }, samples: [[1000, 1] as const, [2000, 2] as const] }];
const body1 = snappy(writeRequest1(series));
const body2 = snappy(writeRequest2(series));
const type2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

const written = (headers: Readonly<Record<string, unknown>>) =>
  ["samples", "histograms", "exemplars"].map(
    (what) => headers[`x-prometheus-remote-write-${what}-written`],
  );

const push = (to: GatewayScene, body: Uint8Array, more: RawAsk = {}) =>
  ask(to, "/api/v1/push", { method: "POST", body, ...more });

describe("what real writers send is stored and answered 204 with true counts", () => {
  test.each([
    [
      "Prometheus, 1.0",
      body1,
      {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
      },
    ],
    [
      "Prometheus, 2.0, no blank after the semicolon",
      body2,
      {
        "Content-Type": type2,
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "2.0.0",
      },
    ],
    [
      "2.0 with a blank and quotes",
      body2,
      {
        "Content-Type": 'Application/X-Protobuf ; proto="io.prometheus.write.v2.Request"',
      },
    ],
    [
      "1.0 by name",
      body1,
      {
        "Content-Type": "application/x-protobuf; proto=prometheus.WriteRequest; charset=utf-8",
      },
    ],
    [
      "the npm client, without encoding and version",
      body1,
      {
        "Content-Type": "application/x-protobuf",
      },
    ],
    ["nothing said at all", body1, {}],
    [
      "vmagent, zstd",
      zstdCompressSync(writeRequest1(series)),
      {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "zstd",
        "X-VictoriaMetrics-Remote-Write-Version": "1",
      },
    ],
  ])("%s", async (_, body, headers) => {
    const to = await scene();
    const answer = await push(to, body, { headers });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(written(answer.headers)).toEqual(["2", "0", "0"]);
    expect(to.ingester.pushes).toMatchObject([{ tenant: "anonymous", samples: 2 }]);
    expect(to.kernel.lent).toBe(0);
  });

  test.each(["/api/v1/push", "/api/v1/write", "/prometheus/api/v1/write"])(
    "at %s",
    async (path) => {
      const to = await scene();
      expect((await ask(to, path, { method: "POST", body: body1 })).status).toBe(204);
    },
  );

  test("a chunked body", async () => {
    const to = await scene();
    const answer = await push(to, body1, { chunked: true });
    expect(answer.status).toBe(204);
    expect(to.ingester.pushes).toHaveLength(1);
  });

  test.each([
    ["1.0", writeRequest1([{ exemplars: [[1000, 1]] }]), "application/x-protobuf"],
    ["2.0", writeRequest2([{ exemplars: [[1000, 1]] }]), type2],
  ])("exemplars without samples in %s", async (_, message, type) => {
    const to = await scene();
    const answer = await push(to, snappy(message), { headers: { "Content-Type": type } });
    expect(answer.status).toBe(204);
    expect(written(answer.headers)).toEqual(["0", "0", "1"]);
  });

  test("metadata without any series", async () => {
    const to = await scene();
    const message = writeRequest1([], [{ metricFamilyName: "up", help: "h" }]);
    const answer = await push(to, snappy(message));
    expect(answer.status).toBe(204);
    expect(written(answer.headers)).toEqual(["0", "0", "0"]);
    expect(to.ingester.pushes).toMatchObject([{ metadata: 1 }]);
  });
});

describe("what is unknown gets 415 and is not stored", () => {
  test.each([
    ["another type", { "Content-Type": "text/plain" }],
    ["JSON", { "Content-Type": "application/json" }],
    ["another message", { "Content-Type": "application/x-protobuf;proto=x.y.Z" }],
    [
      "two messages",
      {
        "Content-Type":
          "application/x-protobuf;proto=prometheus.WriteRequest;proto=io.prometheus.write.v2.Request",
      },
    ],
    ["gzip", { "Content-Encoding": "gzip" }],
    ["a list", { "Content-Encoding": "snappy, snappy" }],
    ["identity", { "Content-Encoding": "identity" }],
    ["two encodings", { "Content-Encoding": ["snappy", "snappy"] }],
  ])("%s", async (_, headers) => {
    const to = await scene();
    const answer = await push(to, body1, { headers });
    expect(answer.status).toBe(415);
    expect(answer.headers["content-type"]).toBe("text/plain; charset=utf-8");
    expect(answer.text).toContain("(err-urd-write-encoding-unsupported)");
    expect(written(answer.headers)).toEqual(["0", "0", "0"]);
    expect(to.ingester.pushes).toEqual([]);
  });

  test("a body of the other version than announced is a 400", async () => {
    const to = await scene();
    const answer = await push(to, Uint8Array.of(200, 1, 255, 255), {});
    expect(answer.status).toBe(400);
    expect(answer.text).toContain("(err-urd-write-request-invalid)");
    expect(to.ingester.pushes).toEqual([]);
    expect(to.kernel.lent).toBe(0);
  });
});

describe("outcomes", () => {
  test("a part that is refused gives 400 with id, series and option, and counts of the rest", async () => {
    const to = await scene();
    to.ingester.answer = () => ({
      samplesStored: 1n,
      refusals: [
        {
          error: {
            id: "err-urd-label-value-too-long",
            message: "The value of label job is 3000 bytes long.",
            series: 'm{job="x"}',
            limit: 2048,
          },
          samples: 1n,
        },
        { error: { id: "err-urd-too-far-in-future", message: "f" }, samples: 4n },
      ],
    });
    const answer = await push(to, body1);
    expect(answer.status).toBe(400);
    expect(answer.text).toBe(
      "The value of label job is 3000 bytes long. (err-urd-label-value-too-long) " +
        'The series is m{job="x"}. The limit is 2048; to change it, set ' +
        "limits.max_label_value_length or ask the administrator. " +
        "Further samples were refused for err-urd-too-far-in-future (4).\n",
    );
    expect(written(answer.headers)).toEqual(["1", "0", "0"]);
    expect(answer.headers["retry-after"]).toBeUndefined();
  });

  test("a failure outweighs refusals: 503 with Retry-After", async () => {
    const to = await scene();
    to.ingester.answer = () => {
      throw urdError("ingester-log-unavailable", "The disk is full.");
    };
    const answer = await push(to, body1);
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("The disk is full. (err-urd-ingester-log-unavailable)");
    const seconds = Number(answer.headers["retry-after"]);
    expect(seconds).toBeGreaterThanOrEqual(3);
    expect(seconds).toBeLessThanOrEqual(9);
  });

  test("Retry-After doubles with each attempt, up to 96 seconds", async () => {
    const to = await scene({ limits: { requestRate: 0.001, requestBurst: 1 } });
    await push(to, body1);
    const wait = async (attempt: string) => {
      const answer = await push(to, body1, { headers: { "Retry-Attempt": attempt } });
      expect(answer.status).toBe(429);
      return Number(answer.headers["retry-after"]);
    };
    const third = await wait("3");
    expect(third).toBeGreaterThanOrEqual(12);
    expect(third).toBeLessThanOrEqual(36);
    expect(await wait("30")).toBeGreaterThanOrEqual(48);
    expect(await wait("999999999")).toBeLessThanOrEqual(96);
    expect(await wait("nonsense")).toBeLessThanOrEqual(9);
  });

  test("over the rate the whole request is a 429 that names the option", async () => {
    const to = await scene({ limits: { ingestionRate: 1, ingestionBurst: 1 } });
    const answer = await push(to, body1);
    expect(answer.status).toBe(429);
    expect(answer.text).toContain("limits.ingestion_rate");
    expect(to.ingester.pushes).toEqual([]);
    expect(written(answer.headers)).toEqual(["0", "0", "0"]);
  });

  test("too large is a 400, by its declared size before a byte of it is read", async () => {
    const to = await scene({ limits: { writeMessageSizeBytesMax: 2000 } });
    const large = writeRequest1([{ metric: "x".repeat(100_000), samples: [[1, 1]] }]);
    for (const chunked of [false, true]) {
      const answer = await push(to, large, { chunked });
      expect(answer.status).toBe(400);
      expect(answer.text).toContain("(err-urd-distributor-max-write-message-size)");
      expect(answer.text).toContain("limits.max_write_message_size");
    }
    expect((await push(to, snappy(large))).status).toBe(400);
    expect(to.kernel.lent).toBe(0);
  });

  test("a full process answers 503", async () => {
    const to = await scene({ inflightPushesMax: 0 });
    const answer = await push(to, body1);
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("err-urd-distributor-max-inflight-push-requests)");
  });

  test("error texts are valid UTF-8 whatever the names hold", async () => {
    const to = await scene();
    to.ingester.answer = () => {
      throw urdError("shard-unavailable", "bad \ud800 name");
    };
    const answer = await push(to, body1);
    expect(answer.text).toContain("bad \ufffd name");
  });
});

describe("tenants", () => {
  const withTenant = (id: string | readonly string[]) => ({ headers: { "X-Scope-OrgID": id } });

  test("without multitenancy the header means nothing", async () => {
    const to = await scene();
    expect((await push(to, body1, withTenant("a b"))).status).toBe(204);
    expect(to.ingester.pushes).toMatchObject([{ tenant: "anonymous" }]);
  });

  test("with multitenancy the header names the tenant", async () => {
    const to = await scene({ multitenancyEnabled: true });
    expect((await push(to, body1, withTenant("team-a"))).status).toBe(204);
    expect(to.ingester.pushes).toMatchObject([{ tenant: "team-a" }]);
  });

  test.each([
    ["missing", undefined, 401],
    ["empty", "", 401],
    ["malformed", "a/b", 400],
    ["reserved", "..", 400],
    ["too long", "x".repeat(151), 400],
    ["federated", "a|b", 400],
    ["given twice", ["a", "a"], 400],
  ])("an id that is %s", async (_, id, status) => {
    const to = await scene({ multitenancyEnabled: true });
    const answer = await push(to, body1, id === undefined ? {} : withTenant(id));
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(status === 401 ? /no org id/ : /\(err-urd-tenant-id-invalid\)/);
    expect(to.ingester.pushes).toEqual([]);
  });
});

describe("connections", () => {
  /** Sends text on a socket of its own and returns what comes back until the other side ends. */
  const talk = (to: GatewayScene, texts: readonly (string | Uint8Array)[]) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(to.port, "127.0.0.1");
      let came = "";
      socket.on("data", (chunk) => {
        came += chunk.toString("latin1");
      });
      socket.on("close", () => resolve(came));
      socket.on("error", reject);
      for (const text of texts) socket.write(text);
    });

  test("Expect: 100-continue: leave is given, then the body is taken", async () => {
    const to = await scene();
    const head = `POST /api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: ${body1.length}\r\n`;
    const came = await talk(to, [
      `${head}Expect: 100-continue\r\nConnection: close\r\n\r\n`,
      body1,
    ]);
    expect(came).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 204 /);
  });

  test("Expect: 100-continue: a refusal comes before the body is sent", async () => {
    const to = await scene();
    const head = "POST /api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n";
    const came = await talk(to, [`${head}Expect: 100-continue\r\nContent-Encoding: gzip\r\n\r\n`]);
    expect(came).toMatch(/^HTTP\/1\.1 415 /);
  });

  test("HTTP/1.0", async () => {
    const to = await scene();
    const head = `POST /api/v1/push HTTP/1.0\r\nContent-Length: ${body1.length}\r\n\r\n`;
    expect(await talk(to, [head, body1])).toMatch(/^HTTP\/1\.1 204 /);
  });

  test("an endless body of a refused request ends the connection", async () => {
    const to = await scene();
    const head =
      "POST /api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n" +
      "Transfer-Encoding: chunked\r\n\r\n";
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const came = await talk(to, [head, ...Array.from({ length: 40 }, () => chunk)]).catch(() => "");
    expect(came === "" || /^HTTP\/1\.1 415 [^]*connection: close/i.test(came)).toBe(true);
  });

  test("a sender that goes away in the middle leaves nothing behind", async () => {
    const to = await scene();
    const socket = connect(to.port, "127.0.0.1");
    socket.write("POST /api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf");
    while (to.kernel.lent === 0) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    while (to.kernel.lent > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(to.ingester.pushes).toEqual([]);
    expect((await push(to, body1)).status).toBe(204);
  });

  test("after a refusal the connection goes on with the next request", async () => {
    const to = await scene();
    const post = (more: string) =>
      `POST /api/v1/push HTTP/1.1\r\nHost: x\r\nContent-Length: ${body1.length}\r\n${more}\r\n`;
    const came = await talk(to, [
      post("Content-Encoding: gzip\r\n"),
      body1,
      post("Connection: close\r\n"),
      body1,
    ]);
    expect(came.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 415", "HTTP/1.1 204"]);
  });
});

test("other methods get 405 with what is allowed", async () => {
  const to = await scene();
  const answer = await ask(to, "/api/v1/push");
  expect([answer.status, answer.headers["allow"]]).toEqual([405, "OPTIONS, POST"]);
});
