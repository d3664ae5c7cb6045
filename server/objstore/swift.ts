import { monotonicFactory } from "ulid";
import * as z from "zod";
import type { Clock, Prng } from "../platform/base/index.ts";
import { md5, rangeHeader, retryAfterMs } from "./body.ts";
import type {
  Bucket,
  BucketCall,
  ByteRange,
  ListPage,
  ListRequest,
  ObjectBytes,
  ObjectInfo,
  Upload,
  UploadOptions,
} from "./bucket.ts";
import type { SwiftConfig } from "./bucket-config.ts";
import { assertRange } from "./byte-range.ts";
import { type FaultPlace, objectChanged, refused, statusFault, unavailable } from "./faults.ts";
import {
  contentLength,
  discard,
  expectPart,
  headerOf,
  type HttpAnswer,
  HttpClient,
  type HttpRequest,
  parseJson,
  readBytes,
  readText,
} from "./http-client.ts";
import { pageEntriesMax } from "./list-page.ts";
import { assertObjectName } from "./object-name.ts";
import { logIn, type SwiftSession, withEnvironment } from "./swift-auth.ts";
import { SwiftUpload } from "./swift-upload.ts";

/** What Swift needs of the world. */
export interface SwiftWorld {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens a container of OpenStack Swift. Nothing is sent yet. Large objects are static large
 * objects; their segments lie in a container of their own, below the object's name.
 */
export function openSwiftBucket(config: SwiftConfig, world: SwiftWorld): Bucket {
  return new SwiftBucket(withEnvironment(config, world.environment), world);
}

/** Keystone takes a second or two when it is busy. */
const loginTimeoutMs = 15_000;

/** A request within the account. */
interface AccountRequest extends Omit<HttpRequest, "url" | "headers" | "signal"> {
  readonly container: string;
  readonly name?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

class SwiftBucket implements Bucket {
  readonly address: string;
  readonly #config: SwiftConfig;
  readonly #http: HttpClient = new HttpClient();
  readonly #nextId: () => string;
  readonly #segments: string;
  #session: Promise<SwiftSession> | undefined;
  #hasSegments = false;

  constructor(config: SwiftConfig, world: SwiftWorld) {
    this.address = `swift://${config.containerName}`;
    this.#config = config;
    this.#segments = config.segmentsContainerName ?? `${config.containerName}_segments`;
    const ids = monotonicFactory(() => world.prng.next());
    this.#nextId = () => ids(world.clock.nowMs());
  }

  list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    return this.#list(this.#config.containerName, request, call);
  }

  async head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    const found = await this.#lookUp(name, call);
    return found && { name, sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    const at = this.#place(`read ${name}`);
    const { version } = range;
    const headers = {
      range: rangeHeader(range),
      ...(version === undefined ? {} : { "if-match": `"${version}"` }),
    };
    const container = this.#config.containerName;
    const answer = await this.#send({ method: "GET", container, name, headers }, at, call);
    if (answer.status === 200 || answer.status === 206) {
      const part = expectPart(answer, range, at);
      const wanted = { sizeBytes: part.sizeBytes, signal: call.signal };
      const bytes = await readBytes(answer, wanted, at);
      return { bytes, objectSizeBytes: part.objectSizeBytes, version: versionOf(answer) };
    }
    discard(answer);
    if (answer.status === 404) return undefined;
    if (answer.status === 416) return this.#readPastEnd(name, range, call);
    throw this.#fault(answer, at);
  }

  async write(name: string, bytes: Uint8Array, call: BucketCall): Promise<void> {
    assertObjectName(name);
    const headers = { etag: md5(bytes, "hex"), "content-type": "application/octet-stream" };
    const container = this.#config.containerName;
    const request = { method: "PUT", container, name, headers, body: bytes } as const;
    await this.#done(request, this.#place(`write ${name}`), call);
  }

  async startUpload(name: string, options: UploadOptions): Promise<Upload> {
    assertObjectName(name);
    const at = this.#place(`write ${name}`);
    if (!this.#hasSegments) {
      await this.#done({ method: "PUT", container: this.#segments }, at, options);
      this.#hasSegments = true;
    }
    const steps = {
      put: (request: AccountRequest & { method: "PUT" }, call: BucketCall) =>
        this.#done(request, at, call),
      versionNow: async (call: BucketCall) => (await this.#lookUp(name, call))?.version,
      deleteSegments: (keep: string | undefined, call: BucketCall) =>
        this.#deleteSegments(name, keep, call),
    };
    const { containerName } = this.#config;
    const place = { container: containerName, segments: this.#segments, id: this.#nextId() };
    return new SwiftUpload(name, place, steps);
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    await this.#delete(this.#config.containerName, name, call);
    await this.#deleteSegments(name, undefined, call);
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  /** Deletes what uploads to a name have stored, those of the upload `keep` excepted. */
  async #deleteSegments(name: string, keep: string | undefined, call: BucketCall): Promise<void> {
    const request = { prefix: `${name}/`, recursive: true };
    const kept = keep === undefined ? undefined : `${name}/${keep}/`;
    let after: string | undefined;
    do {
      const page = await this.#list(this.#segments, { ...request, after }, call);
      for (const segment of page.objects) {
        const isKept = kept !== undefined && segment.name.startsWith(kept);
        if (!isKept) await this.#delete(this.#segments, segment.name, call);
      }
      after = page.next;
    } while (after !== undefined);
  }

  async #delete(container: string, name: string, call: BucketCall): Promise<void> {
    const at = this.#place(`delete ${name}`);
    const answer = await this.#send({ method: "DELETE", container, name }, at, call);
    discard(answer);
    if (answer.status >= 300 && answer.status !== 404) throw this.#fault(answer, at);
  }

  async #list(container: string, request: ListRequest, call: BucketCall): Promise<ListPage> {
    const at = this.#place(`list ${request.prefix}`);
    const query = {
      format: "json",
      limit: String(pageEntriesMax),
      prefix: request.prefix,
      ...(request.recursive ? {} : { delimiter: "/" }),
      ...(request.after === undefined ? {} : { marker: request.after }),
    };
    const answer = await this.#send({ method: "GET", container, query }, at, call);
    if (answer.status === 404 && container === this.#segments) {
      discard(answer);
      return { objects: [], folders: [], next: undefined };
    }
    if (answer.status !== 200) {
      discard(answer);
      throw this.#fault(answer, at);
    }
    return pageOf(parseJson(await readText(answer, call.signal, at), at), at);
  }

  async #lookUp(name: string, call: BucketCall): Promise<Found | undefined> {
    const at = this.#place(`look up ${name}`);
    const container = this.#config.containerName;
    const answer = await this.#send({ method: "HEAD", container, name }, at, call);
    discard(answer);
    if (answer.status === 404) return undefined;
    if (answer.status >= 300) throw this.#fault(answer, at);
    return {
      sizeBytes: contentLength(answer) ?? 0,
      modifiedMs: Math.floor(Number(headerOf(answer, "x-timestamp") ?? 0) * 1000),
      version: versionOf(answer),
    };
  }

  async #readPastEnd(
    name: string,
    range: ByteRange,
    call: BucketCall,
  ): Promise<ObjectBytes | undefined> {
    const found = await this.#lookUp(name, call);
    if (found === undefined) return undefined;
    const at = this.#place(`read ${name}`);
    if (range.version !== undefined && range.version !== found.version) throw objectChanged(at);
    if (found.sizeBytes > range.offsetBytes) {
      throw unavailable(at, "the object has grown while it was read");
    }
    const { sizeBytes: objectSizeBytes, version } = found;
    return { bytes: new Uint8Array(0), objectSizeBytes, version };
  }

  /** Sends a request that has nothing to answer but whether it was done. */
  async #done(request: AccountRequest, at: FaultPlace, call: BucketCall): Promise<void> {
    const answer = await this.#send(request, at, call);
    discard(answer);
    if (answer.status >= 300) throw this.#fault(answer, at);
  }

  /** Sends a request with a token; when the token is no longer good, once more with a new one. */
  async #send(request: AccountRequest, at: FaultPlace, call: BucketCall): Promise<HttpAnswer> {
    call.signal?.throwIfAborted();
    const session = this.#logIn();
    const answer = await this.#sendAs(await session, request, { at, call });
    if (answer.status !== 401) return answer;
    discard(answer);
    if (this.#session === session) this.#session = undefined;
    return this.#sendAs(await this.#logIn(), request, { at, call });
  }

  #sendAs(
    session: SwiftSession,
    { container, name, query, headers, method, body }: AccountRequest,
    { at, call }: { at: FaultPlace; call: BucketCall },
  ): Promise<HttpAnswer> {
    const parts = [container, ...(name === undefined ? [] : name.split("/"))];
    const path = parts.map(encodeURIComponent).join("/");
    const url = new URL(`${session.storageUrl}/${path}`);
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const all = { ...headers, "x-auth-token": session.token };
    return this.#http.send({ method, url, headers: all, body, signal: call.signal }, at);
  }

  /** The session of all calls, asked for once: no single caller's end may end it. */
  #logIn(): Promise<SwiftSession> {
    if (this.#session !== undefined) return this.#session;
    const signal = AbortSignal.timeout(loginTimeoutMs);
    const asked = logIn(this.#config, this.#http, { signal, address: this.address });
    this.#session = asked;
    asked.catch(() => {
      if (this.#session === asked) this.#session = undefined;
    });
    return asked;
  }

  #place(attempt: string): FaultPlace {
    return { address: this.address, attempt };
  }

  #fault(answer: HttpAnswer, at: FaultPlace): Error {
    const { status, reason } = answer;
    if (passingStatuses.has(status)) return unavailable(at, `${status} ${reason}`);
    if (status === 404) return refused(at, "there is no such container");
    const wait = retryAfterMs(headerOf(answer, "retry-after"));
    return statusFault(at, { status, reason, retryAfterMs: wait });
  }
}

/**
 * 409: two writers at the same moment. 422: the bytes arrived changed. 498: Swift's own for too
 * many requests.
 */
const passingStatuses: ReadonlySet<number> = new Set([409, 422, 498]);

interface Found {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly version: string;
}

/** A page of names as Swift tells it: an object's entry or a folder's. */
const listAnswer = z.array(
  z.union([
    z.object({ subdir: z.string() }),
    z.object({ name: z.string(), bytes: z.number(), last_modified: z.string() }),
  ]),
);

/** Greater than every character of a name; behind it come the names after a folder. */
const lastCharacter = "\u{10ffff}";

function pageOf(json: unknown, at: FaultPlace): ListPage {
  const parsed = listAnswer.safeParse(json);
  if (!parsed.success) throw unavailable(at, "the answer is no list of names");
  const entries = parsed.data;
  const objects: ObjectInfo[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if ("subdir" in entry) folders.push(entry.subdir);
    else {
      const modifiedMs = Date.parse(`${entry.last_modified}Z`);
      objects.push({ name: entry.name, sizeBytes: entry.bytes, modifiedMs });
    }
  }
  const last = entries.length < pageEntriesMax ? undefined : entries.at(-1);
  const next = last && ("subdir" in last ? last.subdir + lastCharacter : last.name);
  return { objects, folders, next };
}

/** The ETag of an answer: the MD5 of the bytes, or of a large object's segments' MD5s. */
function versionOf(answer: HttpAnswer): string {
  return (headerOf(answer, "etag") ?? "").replaceAll('"', "");
}
