import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hash } from "node:crypto";
import { compareUtf8 } from "../../../server/model/index.ts";

/**
 * A stand-in for Google Cloud Storage, written from its documentation: it proves what the driver
 * sends and how it reads what comes back, not how Google behaves.
 */
export interface FakeGcs {
  readonly port: number;
  close(): Promise<void>;
}

interface Stored {
  readonly bytes: Buffer;
  readonly generation: number;
  readonly updated: string;
}

interface Session {
  readonly name: string;
  readonly pieces: Buffer[];
  isDone: boolean;
}

interface Exchange {
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
}

const bucketName = "urd-blocks";

/** Starts the fake with one empty bucket, `urd-blocks`. */
export async function startFakeGcs(): Promise<FakeGcs> {
  const store = new FakeStore();
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const host = request.headers.host ?? "";
      store.answer({ url: new URL(`http://${host}${request.url}`), request, response, body });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

class FakeStore {
  readonly #objects = new Map<string, Stored>();
  readonly #sessions = new Map<string, Session>();
  #generation = 1_000;

  answer(exchange: Exchange): void {
    const { url, request } = exchange;
    const object = `/storage/v1/b/${bucketName}/o`;
    if (url.pathname === `/upload${object}` || url.pathname === `/resumable/upload${object}`) {
      this.#upload(exchange);
    } else if (url.pathname === object) this.#list(exchange);
    else if (url.pathname.startsWith(`${object}/`)) {
      const name = decodeURIComponent(url.pathname.slice(object.length + 1));
      if (request.method === "DELETE") this.#delete(name, exchange);
      else if (url.searchParams.get("alt") === "media") this.#media(name, exchange);
      else this.#metadata(name, exchange);
    } else fail(exchange, 404, "Not Found");
  }

  #upload(exchange: Exchange): void {
    const { url, request, body } = exchange;
    const id = url.searchParams.get("upload_id");
    if (id !== null) {
      this.#session(id, exchange);
      return;
    }
    const name = url.searchParams.get("name") ?? "";
    if (url.searchParams.get("uploadType") === "resumable") {
      const newId = String(++this.#generation);
      this.#sessions.set(newId, { name, pieces: [], isDone: false });
      url.searchParams.set("upload_id", newId);
      exchange.response.writeHead(200, { location: url.href, "content-length": 0 }).end();
      return;
    }
    const { metadata, media } = multipart(request.headers["content-type"] ?? "", body);
    const wanted = (JSON.parse(metadata) as { md5Hash?: string }).md5Hash;
    if (wanted !== undefined && wanted !== hash("md5", media, "base64")) {
      fail(exchange, 400, "Provided MD5 hash does not match");
    } else sendJson(exchange, this.#describe(name, this.#put(name, media)));
  }

  #session(id: string, exchange: Exchange): void {
    const { request, response, body } = exchange;
    const session = this.#sessions.get(id);
    if (session === undefined) {
      fail(exchange, 404, "No such upload");
      return;
    }
    if (request.method === "DELETE") {
      if (!session.isDone) this.#sessions.delete(id);
      response.writeHead(session.isDone ? 404 : 499, { "content-length": 0 }).end();
      return;
    }
    const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(
      request.headers["content-range"] ?? "",
    );
    const stored = Buffer.concat(session.pieces).length;
    if (!session.isDone && range?.[1] !== undefined) {
      const isInOrder = Number(range[1]) === stored;
      const isWhole = Number(range[2]) - Number(range[1]) + 1 === body.length;
      const isAligned = range[3] !== "*" || body.length % (256 * 1024) === 0;
      if (!isInOrder || !isWhole || !isAligned) {
        fail(exchange, 400, "Invalid chunk");
        return;
      }
      session.pieces.push(body);
      if (range[3] !== "*") {
        session.isDone = Number(range[3]) === stored + body.length;
        this.#put(session.name, Buffer.concat(session.pieces));
      }
    }
    if (session.isDone) sendJson(exchange, { name: session.name });
    else {
      const size = Buffer.concat(session.pieces).length;
      const headers = size === 0 ? {} : { range: `bytes=0-${size - 1}` };
      response.writeHead(308, { "content-length": 0, ...headers }).end();
    }
  }

  #list(exchange: Exchange): void {
    const parameters = exchange.url.searchParams;
    const prefix = parameters.get("prefix") ?? "";
    const delimiter = parameters.get("delimiter");
    const token = parameters.get("pageToken");
    const after = token === null ? "" : Buffer.from(token, "base64url").toString();
    const entries = new Map<string, string>();
    for (const name of this.#objects.keys()) {
      if (!name.startsWith(prefix)) continue;
      const slash = delimiter === null ? -1 : name.indexOf(delimiter, prefix.length);
      const entry = slash < 0 ? name : name.slice(0, slash + 1);
      if (compareUtf8(entry, after) > 0) entries.set(entry, name);
    }
    const limit = Number(parameters.get("maxResults") ?? 1000);
    const sorted = [...entries].sort(([a], [b]) => compareUtf8(a, b));
    const page = sorted.slice(0, limit);
    const last = page.at(-1)?.[0] ?? "";
    const items = page
      .filter(([entry, name]) => entry === name)
      .map(([name]) => this.#describe(name, this.#objects.get(name) as Stored));
    sendJson(exchange, {
      items,
      prefixes: page.filter(([entry, name]) => entry !== name).map(([entry]) => entry),
      ...(sorted.length > limit ? { nextPageToken: Buffer.from(last).toString("base64url") } : {}),
    });
  }

  #media(name: string, exchange: Exchange): void {
    const found = this.#find(name, exchange.url);
    if (found === undefined) {
      fail(exchange, 404, `No such object: ${bucketName}/${name}`);
      return;
    }
    const { bytes, generation } = found;
    const match = /^bytes=(\d+)-(\d+)?$/.exec(exchange.request.headers["range"] ?? "");
    const start = Number(match?.[1] ?? 0);
    const end = Math.min(Number(match?.[2] ?? bytes.length - 1), bytes.length - 1);
    if (match !== null && start >= bytes.length) {
      fail(exchange, 416, "Requested range not satisfiable");
      return;
    }
    const part = bytes.subarray(start, end + 1);
    exchange.response
      .writeHead(match === null ? 200 : 206, {
        "content-length": part.length,
        "content-type": "application/octet-stream",
        "x-goog-generation": String(generation),
        ...(match === null ? {} : { "content-range": `bytes ${start}-${end}/${bytes.length}` }),
      })
      .end(part);
  }

  #metadata(name: string, exchange: Exchange): void {
    const found = this.#find(name, exchange.url);
    if (found === undefined) fail(exchange, 404, `No such object: ${bucketName}/${name}`);
    else sendJson(exchange, this.#describe(name, found));
  }

  #delete(name: string, exchange: Exchange): void {
    if (!this.#objects.delete(name)) fail(exchange, 404, "No such object");
    else exchange.response.writeHead(204).end();
  }

  #find(name: string, url: URL): Stored | undefined {
    const found = this.#objects.get(name);
    const wanted = url.searchParams.get("generation");
    return wanted === null || wanted === String(found?.generation) ? found : undefined;
  }

  #put(name: string, bytes: Buffer): Stored {
    const updated = new Date().toISOString();
    const stored = { bytes, generation: ++this.#generation, updated };
    this.#objects.set(name, stored);
    return stored;
  }

  #describe(name: string, { bytes, generation, updated }: Stored): object {
    const size = String(bytes.length);
    return { kind: "storage#object", name, bucket: bucketName, size, generation, updated };
  }
}

/** The two parts of a multipart/related body: JSON and bytes. */
function multipart(contentType: string, body: Buffer): { metadata: string; media: Buffer } {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1] ?? "";
  const mark = `--${boundary}`;
  const second = body.indexOf(mark, mark.length);
  const end = body.lastIndexOf(`${mark}--`);
  const content = (from: number, to: number): Buffer => {
    const start = body.indexOf("\r\n\r\n", from) + 4;
    return body.subarray(start, to - 2);
  };
  return { metadata: content(0, second).toString(), media: content(second, end) };
}

function sendJson({ response }: Exchange, value: object): void {
  const text = Buffer.from(JSON.stringify(value));
  const headers = { "content-type": "application/json", "content-length": text.length };
  response.writeHead(200, headers).end(text);
}

function fail({ response }: Exchange, status: number, message: string): void {
  const text = Buffer.from(JSON.stringify({ error: { code: status, message, errors: [] } }));
  const headers = { "content-type": "application/json", "content-length": text.length };
  response.writeHead(status, headers).end(text);
}
