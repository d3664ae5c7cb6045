import { finished } from "node:stream/promises";
import { type Bucket as GcsClient, type File, Storage } from "@google-cloud/storage";
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
import type { GcsConfig } from "./bucket-config.ts";
import { assertRange } from "./byte-range.ts";
import {
  connectionFault,
  type FaultPlace,
  objectChanged,
  refused,
  statusFault,
  unavailable,
} from "./faults.ts";
import { GcsUpload } from "./gcs-upload.ts";
import {
  discard,
  expectPart,
  headerOf,
  type HttpAnswer,
  HttpClient,
  readBytes,
} from "./http-client.ts";
import { pageEntriesMax } from "./list-page.ts";
import { assertObjectName } from "./object-name.ts";

/** Calls of the client that know no signal end by themselves after this long. */
const requestTimeoutMs = 60_000;

const contentType = "application/octet-stream";

/** Opens a bucket of Google Cloud Storage. Nothing is sent yet. */
export function openGcsBucket(config: GcsConfig): Bucket {
  return new GcsBucket(config);
}

class GcsBucket implements Bucket {
  readonly address: string;
  readonly #storage: Storage;
  readonly #client: GcsClient;
  /** True: a stand-in that asks for no credentials. */
  readonly #isOpen: boolean;
  /** For reads, and for the parts of uploads, whose addresses carry their own right to write. */
  readonly #http: HttpClient = new HttpClient();

  constructor(config: GcsConfig) {
    this.address = `gs://${config.bucketName}`;
    this.#isOpen = config.endpoint !== undefined;
    this.#storage = new Storage({
      timeout: requestTimeoutMs,
      retryOptions: { autoRetry: false, maxRetries: 0 },
      ...(config.serviceAccount === undefined
        ? {}
        : serviceAccount(config.serviceAccount, this.address)),
      ...(config.endpoint === undefined
        ? {}
        : { apiEndpoint: config.endpoint, projectId: "none", useAuthWithCustomEndpoint: false }),
    });
    this.#client = this.#storage.bucket(config.bucketName);
  }

  async list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    const [files, next, answer] = await this.#do(`list ${request.prefix}`, call, () =>
      this.#client.getFiles({
        prefix: request.prefix,
        maxResults: pageEntriesMax,
        autoPaginate: false,
        ...(request.recursive ? {} : { delimiter: "/" }),
        ...(request.after === undefined ? {} : { pageToken: request.after }),
      }),
    );
    const { prefixes = [] } = (answer ?? {}) as { prefixes?: readonly string[] };
    const { pageToken } = (next ?? {}) as { pageToken?: string };
    return { objects: files.map(infoOf), folders: prefixes, next: pageToken };
  }

  async head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    const file = await this.#lookUp(name, call);
    return file && infoOf(file);
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    const at = this.#place(`read ${name}`);
    const answer = await this.#do(at.attempt, call, () => this.#get(name, range, { at, call }));
    if (answer.status === 200 || answer.status === 206) {
      const part = expectPart(answer, range, at);
      const wanted = { sizeBytes: part.sizeBytes, signal: call.signal };
      const bytes = await readBytes(answer, wanted, at);
      const version = headerOf(answer, "x-goog-generation") ?? "";
      return { bytes, objectSizeBytes: part.objectSizeBytes, version };
    }
    discard(answer);
    const { status, reason } = answer;
    if (status === 404 || status === 416) return this.#readNothing(name, range, call);
    const wait = retryAfterMs(headerOf(answer, "retry-after"));
    throw statusFault(at, { status, reason, retryAfterMs: wait });
  }

  async write(name: string, bytes: Uint8Array, call: BucketCall): Promise<void> {
    assertObjectName(name);
    await this.#do(`write ${name}`, call, async () => {
      const stream = this.#client.file(name).createWriteStream({
        resumable: false,
        // Google compares the MD5 before the object is visible; the client would do so after.
        validation: false,
        contentType,
        metadata: { contentType, md5Hash: md5(bytes, "base64") },
      });
      stream.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      await finished(stream, call.signal === undefined ? {} : { signal: call.signal });
    });
  }

  async startUpload(name: string, options: UploadOptions): Promise<Upload> {
    assertObjectName(name);
    const at = this.#place(`write ${name}`);
    const [uri] = await this.#do(at.attempt, options, () =>
      this.#client.file(name).createResumableUpload({ metadata: { contentType } }),
    );
    return new GcsUpload(
      { uri: new URL(uri), partSizeBytes: options.partSizeBytes },
      this.#http,
      at,
    );
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    await this.#do(`delete ${name}`, call, () =>
      this.#client.file(name).delete({ ignoreNotFound: true }),
    );
  }

  async close(): Promise<void> {
    this.#http.close();
  }

  #place(attempt: string): FaultPlace {
    return { address: this.address, attempt };
  }

  /** Asks for bytes. The client's own read streams cannot be told to stop, and warn of leaks. */
  async #get(
    name: string,
    range: ByteRange,
    { at, call }: { at: FaultPlace; call: BucketCall },
  ): Promise<HttpAnswer> {
    const { apiEndpoint } = this.#storage;
    const path = `/storage/v1/b/${this.#client.name}/o/${encodeURIComponent(name)}`;
    const url = new URL(`${apiEndpoint}${path}`);
    url.searchParams.set("alt", "media");
    if (range.version !== undefined) url.searchParams.set("generation", range.version);
    const rights = this.#isOpen ? [] : await this.#storage.authClient.getRequestHeaders(url.href);
    const headers = { ...Object.fromEntries(rights), range: rangeHeader(range) };
    return this.#http.send({ method: "GET", url, headers, signal: call.signal }, at);
  }

  /** Metadata of an object; undefined when there is none. */
  async #lookUp(name: string, call: BucketCall): Promise<File | undefined> {
    const file = this.#client.file(name);
    try {
      await this.#do(`look up ${name}`, call, () => file.getMetadata());
      return file;
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** No such object, no such version of it, or a range behind its end. */
  async #readNothing(
    name: string,
    range: ByteRange,
    call: BucketCall,
  ): Promise<ObjectBytes | undefined> {
    const file = await this.#lookUp(name, call);
    if (file === undefined) return undefined;
    const at = this.#place(`read ${name}`);
    const version = String(file.metadata.generation ?? "");
    if (range.version !== undefined && range.version !== version) throw objectChanged(at);
    const objectSizeBytes = Number(file.metadata.size ?? 0);
    if (objectSizeBytes > range.offsetBytes) {
      throw unavailable(at, "the object has grown while it was read");
    }
    return { bytes: new Uint8Array(0), objectSizeBytes, version };
  }

  async #do<T>(attempt: string, call: BucketCall, run: () => Promise<T>): Promise<T> {
    call.signal?.throwIfAborted();
    try {
      return await run();
    } catch (error) {
      call.signal?.throwIfAborted();
      throw translate(this.#place(attempt), error);
    }
  }
}

function serviceAccount(json: string, address: string): { credentials: object } {
  try {
    return { credentials: JSON.parse(json) as object };
  } catch (error) {
    const at = { address, attempt: "read the service account" };
    throw refused(at, "it is not JSON", { cause: error });
  }
}

function infoOf(file: File): ObjectInfo {
  const { size, updated } = file.metadata;
  const modifiedMs = updated === undefined ? 0 : Date.parse(updated);
  return { name: file.name, sizeBytes: Number(size ?? 0), modifiedMs };
}

function statusOf(error: unknown): number | undefined {
  const cause = (error as { cause?: { code?: unknown } }).cause;
  return typeof cause?.code === "number" ? cause.code : undefined;
}

/** What the credentials chain says when it finds nothing. */
const noCredentials = /default credentials|invalid_grant|invalid_client/;

function translate(at: FaultPlace, error: unknown): Error {
  const { code: status, message } = error as { code?: unknown; message?: string };
  if (typeof status === "number") {
    return statusFault(at, { status, reason: (message ?? "").slice(0, 300) }, error);
  }
  if (noCredentials.test(message ?? "")) return refused(at, message ?? "", { cause: error });
  return connectionFault(at, error);
}
