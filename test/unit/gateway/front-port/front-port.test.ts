import { request as httpRequest } from "node:http";
import { connect as h2Connect, type ClientHttp2Session, constants } from "node:http2";
import { connect, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import type { CutReason, FrontHandler } from "../../../../server/gateway/front-port/exchange.ts";
import {
  createFrontPort,
  type FrontPort,
} from "../../../../server/gateway/front-port/front-port.ts";
import { defaultFrontPortLimits } from "../../../../server/gateway/front-port/limits.ts";
import { systemClock } from "../../../../server/platform/base/index.ts";

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

interface Started {
  readonly front: FrontPort;
  readonly port: number;
  readonly cuts: CutReason[];
}

type Handle = FrontHandler["handle"];

const echo: Handle = (request, response) => {
  const chunks: Uint8Array[] = [];
  const body = request as Readable;
  body.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  body.on("end", () => {
    const text = `${request.httpVersion} ${request.url} ${Buffer.concat(chunks).toString()}`;
    (response as Writable).end(text);
  });
  body.on("error", () => undefined);
};

const start = async (
  limits: Partial<typeof defaultFrontPortLimits> = {},
  handle: Handle = echo,
  isLongLived: (path: string) => boolean = () => false,
): Promise<Started> => {
  const cuts: CutReason[] = [];
  const front = createFrontPort({
    handler: {
      handle,
      handleExpectContinue: (request, response) => {
        response.writeContinue();
        handle(request, response);
      },
    },
    limits: { ...defaultFrontPortLimits, ...limits },
    clock: systemClock,
    isLongLived: (request) => isLongLived(request.url ?? ""),
    onCut: (reason) => cuts.push(reason),
  });
  const port = await front.listen("127.0.0.1", 0);
  opened.push(() => front.close(0));
  return { front, port, cuts };
};

interface Raw {
  readonly socket: Socket;
  /** What came, once the connection is closed. */
  readonly closed: Promise<string>;
}

const raw = (port: number, text = ""): Raw => {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  socket.write(text, "latin1");
  const closed = new Promise<string>((resolve) => {
    let got = "";
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
    });
    socket.on("error", () => undefined);
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve(got));
  });
  opened.push(() => void socket.destroy());
  return { socket, closed };
};

const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => systemClock.after(delayMs, resolve));

const session = (port: number): ClientHttp2Session => {
  const client = h2Connect(`http://127.0.0.1:${port}`);
  client.on("error", () => undefined);
  opened.push(() => client.destroy());
  return client;
};

const h2Get = (client: ClientHttp2Session, path: string, body?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const stream = client.request({ ":path": path, ":method": body ? "POST" : "GET" });
    let got = "";
    stream.setEncoding("utf8");
    stream.on("data", (chunk) => {
      got += chunk;
    });
    stream.on("error", reject);
    stream.on("close", () => resolve(got));
    stream.end(body);
  });

const get = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

describe("two protocols on one port", () => {
  test("HTTP/1.1 and HTTP/2 answer side by side", async () => {
    const { port } = await start();
    const client = session(port);
    expect(await h2Get(client, "/b", "body")).toBe("2.0 /b body");
    expect(await raw(port, get).closed).toMatch(/^HTTP\/1\.1 200[^]*1\.1 \/a /);
    expect(await h2Get(client, "/c")).toBe("2.0 /c ");
  });

  test.each([1, 2, 3])("first chunks of %i bytes are put together", async (size) => {
    const { port } = await start();
    const text =
      "PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";
    const { socket, closed } = raw(port);
    socket.setNoDelay(true);
    for (let at = 0; at < 12; at += size) {
      socket.write(text.slice(at, at + size));
      await pause(2);
    }
    const rest = Math.ceil(12 / size) * size;
    socket.write(text.slice(rest));
    expect(await closed).toContain("1.1 /slow abc");
  });

  test("an HTTP/2 preface may come byte by byte", async () => {
    const { port } = await start();
    const { port: relayPort, close } = await byteRelay(port);
    opened.push(close);
    expect(await h2Get(session(relayPort), "/bytes")).toBe("2.0 /bytes ");
  });

  test("a client may close its side and read the answer", async () => {
    const { port } = await start();
    const { socket, closed } = raw(port, get);
    socket.end();
    expect(await closed).toContain("1.1 /a ");
  });

  test("keep-alive connections serve many requests, pipelined ones too", async () => {
    const { port } = await start();
    const one = "GET /p HTTP/1.1\r\nHost: x\r\n\r\n";
    const answers = await raw(port, one + one + get).closed;
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
  });

  test("Expect: 100-continue and HTTP/1.0 work", async () => {
    const { port } = await start();
    const head = "POST /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n";
    const { socket, closed } = raw(port, `${head}Expect: 100-continue\r\n\r\n`);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write("ok");
    expect(await closed).toMatch(/100 Continue[^]*200 OK[^]*1\.1 \/e ok/);
    expect(await raw(port, "GET /old HTTP/1.0\r\n\r\n").closed).toContain("1.0 /old ");
  });
});

describe("clients that make no progress are cut", () => {
  test("a silent connection", async () => {
    const { port, cuts, front } = await start({ firstBytesTimeoutMs: 40 });
    expect(await raw(port).closed).toBe("");
    expect(await raw(port, "PR").closed).toBe("");
    expect(cuts).toEqual(["no-first-bytes", "no-first-bytes"]);
    await until(() => front.connections === 0);
  });

  test("half a header over HTTP/1.1, even when it dribbles", async () => {
    const { port } = await start({ headersTimeoutMs: 100 });
    const { socket, closed } = raw(port, "GET /a HTTP/1.1\r\nHost: x\r\nX-");
    const dribble = systemClock.every(20, () => socket.write("a"));
    expect(await closed).toContain("408 Request Timeout");
    dribble.cancel();
  });

  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const settings = "\0\0\0\x04\0\0\0\0\0";
  // HEADERS on stream 1 without END_HEADERS, and nothing after it.
  const halfHeaders = "\0\0\x01\x01\0\0\0\0\x01\x82";

  test.each([
    ["half of the preface", preface.slice(0, 16)],
    ["the preface", preface],
    ["the preface and half a frame", preface + settings.slice(0, 5)],
  ])("an HTTP/2 connection that sends %s", async (_, text) => {
    const { port, cuts } = await start({ firstBytesTimeoutMs: 40 });
    await raw(port, text).closed;
    expect(cuts).toEqual(["no-first-bytes"]);
  });

  test.each([
    ["hello", preface + settings],
    ["hello and half a header", preface + settings + halfHeaders],
  ])("an HTTP/2 connection that says %s", async (_, text) => {
    const { port, cuts } = await start({ headersTimeoutMs: 60 });
    await raw(port, text).closed;
    expect(cuts).toEqual(["no-first-bytes"]);
  });

  test("an HTTP/2 connection without a request", async () => {
    const { port, cuts } = await start({ keepAliveTimeoutMs: 60 });
    const client = session(port);
    expect(await h2Get(client, "/a")).toBe("2.0 /a ");
    await new Promise((resolve) => client.once("close", resolve));
    expect(cuts).toEqual([]);
  });

  test("an idle connection after its answer", async () => {
    const { port, cuts } = await start({ keepAliveTimeoutMs: 50 });
    const { closed } = raw(port, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await closed).toContain("1.1 /a ");
    expect(cuts).toEqual([]);
  });

  test("a body that stops, over HTTP/1.1", async () => {
    const { port, cuts } = await start({ stallTimeoutMs: 60 });
    const head = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc";
    expect(await raw(port, head).closed).toContain("408 Request Timeout");
    expect(cuts).toEqual(["body-stalled"]);
  });

  test("a body that stops, over HTTP/2, and only its stream", async () => {
    const { port, cuts } = await start({ stallTimeoutMs: 60 });
    const client = session(port);
    const stream = client.request({ ":path": "/a", ":method": "POST" });
    stream.on("error", () => undefined);
    stream.write("abc");
    await new Promise((resolve) => stream.once("close", resolve));
    expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
    expect(cuts).toEqual(["body-stalled"]);
    expect(await h2Get(client, "/next")).toBe("2.0 /next ");
  });

  test.each(["1.1", "2.0"])("a body that dribbles without end, over HTTP/%s", async (version) => {
    const { port, cuts } = await start({ stallTimeoutMs: 2000, bodyTimeoutMs: 200 });
    if (version === "1.1") {
      const { socket, closed } = raw(
        port,
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n",
      );
      const dribble = systemClock.every(10, () => socket.write("a"));
      expect(await closed).toContain("408 Request Timeout");
      dribble.cancel();
    } else {
      const stream = session(port).request({ ":path": "/a", ":method": "POST" });
      stream.on("error", () => undefined);
      const dribble = systemClock.every(10, () => {
        if (!stream.destroyed) stream.write("a");
      });
      await new Promise((resolve) => stream.once("close", resolve));
      dribble.cancel();
    }
    expect(cuts).toEqual(["body-too-slow"]);
  });

  const flood: Handle = (_, response) => {
    (response as Writable).write(Buffer.alloc(32 * 1024 * 1024));
  };

  test("an answer that nobody reads, over HTTP/1.1", async () => {
    const { port, cuts, front } = await start({ stallTimeoutMs: 80 }, flood);
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    opened.push(() => void socket.destroy());
    socket.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => cuts.length > 0 && front.connections === 0);
    expect(cuts).toEqual(["answer-not-read"]);
  });

  test("an answer that nobody reads, over HTTP/2", async () => {
    const { port, cuts } = await start({ stallTimeoutMs: 80 }, flood);
    const stream = session(port).request({ ":path": "/a" });
    stream.on("error", () => undefined);
    stream.pause();
    await until(() => cuts.length > 0);
    expect(cuts[0]).toBe("answer-not-read");
  });

  test("a peer that is gone while a long-lived stream is open", async () => {
    const limits = { keepAliveTimeoutMs: 60, pingTimeoutMs: 60, stallTimeoutMs: 30 };
    const { port, cuts, front } = await start(
      limits,
      () => undefined,
      () => true,
    );
    // A whole header block (:method POST, :scheme http, :path /, :authority x), then silence.
    const headers = "\0\0\x06\x01\x04\0\0\0\x01\x83\x86\x84\x41\x01x";
    await raw(port, preface + settings + headers).closed;
    expect(cuts).toEqual(["ping-unanswered"]);
    await until(() => front.connections === 0);
  });
});

describe("who makes progress, or waits for us, stays", () => {
  test("a handler may take long, over both protocols", async () => {
    const { port, cuts } = await start({ stallTimeoutMs: 30 }, (_, response) => {
      systemClock.after(150, () => void (response as Writable).end("done"));
    });
    expect(await raw(port, get).closed).toContain("done");
    expect(await h2Get(session(port), "/x")).toBe("done");
    expect(cuts).toEqual([]);
  });

  test("a handler that reads late does not blame its client", async () => {
    const { port, cuts } = await start({ stallTimeoutMs: 30 }, (request, response) => {
      systemClock.after(120, () => echo(request, response));
    });
    const head =
      "POST /l HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n";
    expect(await raw(port, head + "x".repeat(300_000)).closed).toContain("1.1 /l xxx");
    expect(cuts).toEqual([]);
  });

  test("a long-lived stream may be silent", async () => {
    const limits = { stallTimeoutMs: 30, bodyTimeoutMs: 50, keepAliveTimeoutMs: 40 };
    const { port, cuts } = await start(limits, echo, (path) => path === "/stream");
    const stream = session(port).request({ ":path": "/stream", ":method": "POST" });
    let got = "";
    stream.on("data", (chunk) => {
      got += chunk;
    });
    stream.write("a");
    await pause(200);
    stream.end("b");
    await new Promise((resolve) => stream.once("close", resolve));
    expect(got).toBe("2.0 /stream ab");
    expect(cuts).toEqual([]);
  });
});

describe("bounds", () => {
  test("connections", async () => {
    const { port, cuts } = await start({ connectionsMax: 2 });
    const kept = [raw(port), raw(port)];
    await pause(20);
    expect(await raw(port, get).closed).toBe("");
    expect(cuts).toEqual(["too-many-connections"]);
    kept[0]?.socket.write(get);
    expect(await kept[0]?.closed).toContain("1.1 /a ");
  });

  test("headers over HTTP/1.1 and HTTP/2", async () => {
    const { port } = await start({ headersSizeBytesMax: 4096 });
    const long = `GET /${"q".repeat(5000)} HTTP/1.1\r\nHost: x\r\n\r\n`;
    expect(await raw(port, long).closed).toContain("431");
    const stream = session(port).request({ ":path": `/${"q".repeat(5000)}` });
    const status = await new Promise((resolve) => {
      stream.once("response", (headers) => resolve(headers[":status"]));
    });
    expect(status).toBe(431);
  });

  test("streams of one connection", async () => {
    const { port } = await start({ streamsMax: 3 }, () => undefined);
    const client = session(port);
    await new Promise((resolve) => client.once("remoteSettings", resolve));
    expect(client.remoteSettings.maxConcurrentStreams).toBe(3);
  });

  test("streams that are opened and reset", async () => {
    const { port } = await start({ resetsBurst: 20, resetsPerSecond: 1 }, () => undefined);
    const client = session(port);
    const gone = new Promise<number>((resolve) => client.once("goaway", resolve));
    for (let count = 0; count < 200 && !client.destroyed; count++) {
      const stream = client.request({ ":path": "/", ":method": "POST" });
      stream.on("error", () => undefined);
      stream.on("ready", () => stream.close(constants.NGHTTP2_CANCEL));
    }
    expect(await gone).not.toBe(0);
  });
});

describe("closing", () => {
  test("lets what is under way finish and refuses what comes", async () => {
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const gate = Promise.withResolvers<void>();
    let count = 0;
    const { port, front } = await start({}, (_, response) => {
      begun[count++]?.resolve();
      void gate.promise.then(() => (response as Writable).end("finished"));
    });
    const idle = raw(port);
    const busy1 = raw(port, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    const busy2 = h2Get(session(port), "/b");
    await Promise.all(begun.map(({ promise }) => promise));
    const closing = front.close(5_000);
    await expect(idle.closed).resolves.toBe("");
    await new Promise<void>((resolve) => {
      httpRequest({ port, host: "127.0.0.1" })
        .on("error", () => resolve())
        .end();
    });
    gate.resolve();
    expect(await busy1.closed).toContain("finished");
    expect(await busy2).toBe("finished");
    await closing;
    await until(() => front.connections === 0);
  });

  test("destroys what does not finish within the grace", async () => {
    const { port, front } = await start({}, () => undefined);
    const { closed } = raw(port, get);
    const stream = h2Get(session(port), "/b").catch(() => "");
    await pause(30);
    await front.close(30);
    expect(await closed).toBe("");
    await stream;
  });
});

const until = async (done: () => boolean): Promise<void> => {
  while (!done()) await pause(5);
};

/** Passes a connection on, one byte per write for the first thirty. */
const byteRelay = async (target: number) => {
  const { createServer } = await import("node:net");
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    far.setNoDelay(true);
    let sent = 0;
    let queue: Promise<unknown> = Promise.resolve();
    near.on("data", (chunk) => {
      for (let at = 0; at < chunk.length; ) {
        const piece = chunk.subarray(at, sent < 30 ? at + 1 : chunk.length);
        at += piece.length;
        sent += piece.length;
        queue = queue.then(() => {
          far.write(piece);
          return sent < 60 ? pause(1) : undefined;
        });
      }
    });
    far.pipe(near);
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.on("close", () => far.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { port, close: () => void server.close() };
};
