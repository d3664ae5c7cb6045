import { type ClientHttp2Session, connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { urdError } from "../../server/model/index.ts";
import { snappy } from "../support/front-kernel-stand-in.ts";
import { type GatewayScene, openGatewayScene } from "../support/gateway-scene.ts";
import { writeRequest1 } from "../support/write-requests.ts";

/** The same handler over HTTP/2: Node's compatibility objects differ in small ways. */

let scene: GatewayScene;
let server: Http2Server;
let session: ClientHttp2Session;

const pieceSizeBytes = 2 ** 17;

async function open(pieces: number, failure?: Error): Promise<void> {
  scene = await openGatewayScene({
    query: {
      async *queryInstant() {
        for (let i = 0; i < pieces; i++) {
          const value = Buffer.alloc(pieceSizeBytes, String(i % 10));
          yield { part: { part: { case: "prometheusJson" as const, value } } };
        }
        if (failure !== undefined) throw failure;
      },
    },
  });
  server = createServer(scene.gateway.handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

afterEach(async () => {
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
  await scene.close();
});

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly failed: boolean;
}

function ask(headers: Record<string, string>, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve) => {
    const stream = session.request(headers);
    const chunks: Buffer[] = [];
    let came: Readonly<Record<string, unknown>> = {};
    let failed = false;
    stream.on("response", (all) => {
      came = all;
    });
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", () => {
      failed = true;
    });
    // A client whose body was not wanted keeps its half of the stream: the answer's end counts.
    const finish = () => resolve({ headers: came, body: Buffer.concat(chunks), failed });
    stream.on("end", finish);
    stream.on("close", finish);
    stream.end(body);
  });
}

test("a long answer arrives whole, plain and compressed", async () => {
  await open(30);
  const plain = await ask({ ":path": "/api/v1/query?query=x" });
  expect([plain.headers[":status"], plain.body.length]).toEqual([200, 30 * pieceSizeBytes]);
  const packed = await ask({ ":path": "/api/v1/query?query=x", "accept-encoding": "gzip" });
  expect(packed.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
});

test("a late failure resets the stream, and the session goes on", async () => {
  await open(30, urdError("query-execution", "late"));
  expect((await ask({ ":path": "/api/v1/query?query=x" })).failed).toBe(true);
  expect((await ask({ ":path": "/-/ready" })).headers[":status"]).toBe(200);
});

test("a write is taken without a declared length, and refused before its body is whole", async () => {
  await open(0);
  const body = snappy(writeRequest1([{ samples: [[1000, 1]] }]));
  const push = { ":path": "/api/v1/push", ":method": "POST" };
  const taken = await ask(push, body);
  expect(taken.headers[":status"]).toBe(204);
  expect(taken.headers["x-prometheus-remote-write-samples-written"]).toBe("1");
  const refused = await ask({ ...push, "content-encoding": "gzip" }, new Uint8Array(3_000_000));
  expect(refused.headers[":status"]).toBe(415);
});
