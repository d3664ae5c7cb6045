import type { TokenCredential } from "@azure/identity";
import {
  BlobServiceClient,
  type BlockBlobClient,
  type ContainerClient,
  type ContainerListBlobFlatSegmentResponse,
  type ContainerListBlobHierarchySegmentResponse,
  RestError,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { monotonicFactory } from "ulid";
import { compareUtf8 } from "../model/index.ts";
import { type Clock, defined, type Prng } from "../platform/base/index.ts";
import { collectBody, expectRange, type IncomingBody, md5, retryAfterMs } from "./body.ts";
import type {
  Bucket,
  BucketCall,
  ByteRange,
  ListPage,
  ListRequest,
  ObjectBytes,
  ObjectInfo,
  PartTag,
  Upload,
  UploadOptions,
  UploadPart,
} from "./bucket.ts";
import type { AzureConfig } from "./bucket-config.ts";
import { assertRange } from "./byte-range.ts";
import {
  connectionFault,
  type FaultPlace,
  objectChanged,
  refused,
  statusFault,
  unavailable,
} from "./faults.ts";
import { pageEntriesMax } from "./list-page.ts";
import { assertObjectName } from "./object-name.ts";

/** What Azure needs of the world. */
export interface AzureWorld {
  readonly clock: Clock;
  readonly prng: Prng;
}

/** Opens a container of Azure Blob Storage. Nothing is sent yet. */
export async function openAzureBucket(config: AzureConfig, world: AzureWorld): Promise<Bucket> {
  const service = await serviceClient(config);
  return new AzureBucket(service.getContainerClient(config.containerName), world);
}

class AzureBucket implements Bucket {
  readonly address: string;
  readonly #container: ContainerClient;
  readonly #nextId: () => string;

  constructor(container: ContainerClient, world: AzureWorld) {
    this.address = `azblob://${container.containerName}`;
    this.#container = container;
    const ids = monotonicFactory(() => world.prng.next());
    this.#nextId = () => ids(world.clock.nowMs());
  }

  async list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    const options = { prefix: request.prefix, ...abortOf(call) };
    const paging = {
      maxPageSize: pageEntriesMax,
      ...(request.after === undefined ? {} : { continuationToken: request.after }),
    };
    const pages: AsyncIterator<PageAnswer> = request.recursive
      ? this.#container.listBlobsFlat(options).byPage(paging)
      : this.#container.listBlobsByHierarchy("/", options).byPage(paging);
    const page = await this.#do(`list ${request.prefix}`, call, async () => {
      const { value } = await pages.next();
      return defined(value as PageAnswer | undefined, "a page of names");
    });
    const folders = "blobPrefixes" in page.segment ? (page.segment.blobPrefixes ?? []) : [];
    const objects = page.segment.blobItems.map(({ name, properties }) => ({
      name,
      sizeBytes: properties.contentLength ?? 0,
      modifiedMs: properties.lastModified.getTime(),
    }));
    const next = page.continuationToken === "" ? undefined : page.continuationToken;
    // Azurite, for one, sorts by UTF-16 units; that differs for names beyond ASCII only.
    objects.sort((a, b) => compareUtf8(a.name, b.name));
    return { objects, folders: folders.map(({ name }) => name).sort(compareUtf8), next };
  }

  async head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    const found = await this.#lookUp(name, call);
    return found && { name, sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    const at = this.#place(`read ${name}`);
    const { offsetBytes, sizeBytes, version } = range;
    try {
      return await this.#do(at.attempt, call, async () => {
        const answer = await this.#blob(name).download(offsetBytes, sizeBytes, {
          ...abortOf(call),
          maxRetryRequests: 0,
          ...(version === undefined ? {} : { conditions: { ifMatch: version } }),
        });
        const body = defined(answer.readableStreamBody, "the body of an answer");
        const incoming = body as unknown as IncomingBody;
        try {
          const { contentRange, contentLength } = answer;
          // An empty blob may be answered with a range of nothing, which no header can say.
          if (contentLength === 0) return await this.#readPastEnd(name, range, call);
          const part = expectRange(at, range, { contentRange, contentLength });
          const wanted = { sizeBytes: part.sizeBytes, signal: call.signal };
          const bytes = await collectBody(incoming, wanted, at);
          return { bytes, objectSizeBytes: part.objectSizeBytes, version: answer.etag ?? "" };
        } finally {
          incoming.destroy();
        }
      });
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (restErrorOf(error)?.statusCode === 416) return this.#readPastEnd(name, range, call);
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array, call: BucketCall): Promise<void> {
    assertObjectName(name);
    const digest = md5Bytes(bytes);
    await this.#do(`write ${name}`, call, () =>
      this.#blob(name).upload(asBuffer(bytes), bytes.length, {
        ...abortOf(call),
        transactionalContentMD5: digest,
        blobHTTPHeaders: { ...contentHeaders, blobContentMD5: digest },
      }),
    );
  }

  async startUpload(name: string, options: UploadOptions): Promise<Upload> {
    options.signal?.throwIfAborted();
    assertObjectName(name);
    const run: Run = (call, step) => this.#do(`write ${name}`, call, step);
    return new AzureUpload(this.#blob(name), this.#nextId(), run);
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    await this.#do(`delete ${name}`, call, () => this.#blob(name).deleteIfExists(abortOf(call)));
  }

  async close(): Promise<void> {}

  #blob(name: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(name);
  }

  #place(attempt: string): FaultPlace {
    return { address: this.address, attempt };
  }

  async #lookUp(name: string, call: BucketCall): Promise<Found | undefined> {
    try {
      const found = await this.#do(`look up ${name}`, call, () =>
        this.#blob(name).getProperties(abortOf(call)),
      );
      return {
        sizeBytes: found.contentLength ?? 0,
        modifiedMs: found.lastModified?.getTime() ?? 0,
        version: found.etag ?? "",
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
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

type PageAnswer = ContainerListBlobFlatSegmentResponse | ContainerListBlobHierarchySegmentResponse;

interface Found {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly version: string;
}

type Run = <T>(call: BucketCall, step: () => Promise<T>) => Promise<T>;

/** Blocks of a blob, and the list that makes them its content. */
class AzureUpload implements Upload {
  readonly parallel = true;
  readonly #blob: BlockBlobClient;
  readonly #id: string;
  readonly #run: Run;

  constructor(blob: BlockBlobClient, id: string, run: Run) {
    this.#blob = blob;
    this.#id = id;
    this.#run = run;
  }

  async storePart({ number, bytes }: UploadPart, call: BucketCall): Promise<PartTag> {
    // Azure wants names of one length for all blocks of a blob.
    const block = Buffer.from(`${this.#id}-${String(number).padStart(8, "0")}`).toString("base64");
    const options = { ...abortOf(call), transactionalContentMD5: md5Bytes(bytes) };
    await this.#run(call, () =>
      this.#blob.stageBlock(block, asBuffer(bytes), bytes.length, options),
    );
    return block;
  }

  async complete(tags: readonly PartTag[], call: BucketCall): Promise<void> {
    const options = { ...abortOf(call), blobHTTPHeaders: contentHeaders };
    await this.#run(call, () => this.#blob.commitBlockList([...tags], options));
  }

  /** Blocks that no list names are dropped by Azure after a week; there is no call for it. */
  async abort(): Promise<void> {}
}

const contentHeaders = { blobContentType: "application/octet-stream" };

/** One try, because `retrying` repeats; Azure's own client would wait for minutes. */
const pipeline = { retryOptions: { maxTries: 1 } };

async function serviceClient(config: AzureConfig): Promise<BlobServiceClient> {
  const { connectionString, accountName, accountKey, endpoint, endpointSuffix } = config;
  if (connectionString !== undefined) {
    return BlobServiceClient.fromConnectionString(connectionString, pipeline);
  }
  const url = endpoint ?? `https://${accountName}.${endpointSuffix}`;
  if (accountKey !== undefined) {
    const credential = new StorageSharedKeyCredential(accountName, accountKey);
    return new BlobServiceClient(url, credential, pipeline);
  }
  return new BlobServiceClient(url, await usualCredential(config), pipeline);
}

/** Environment, workload identity, managed identity, Azure's command line: the first that works. */
async function usualCredential({ userAssignedId }: AzureConfig): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  return new DefaultAzureCredential(
    userAssignedId === undefined ? {} : { managedIdentityClientId: userAssignedId },
  );
}

function abortOf({ signal }: BucketCall): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function md5Bytes(bytes: Uint8Array): Uint8Array {
  return Buffer.from(md5(bytes, "base64"), "base64");
}

/** Codes that Azure sends with a status of 4xx and that pass all the same. */
const passingCodes: ReadonlySet<string> = new Set([
  "Md5Mismatch",
  "OperationTimedOut",
  "SnapshotOperationRateExceeded",
]);

function translate(at: FaultPlace, error: unknown): Error {
  if (
    error instanceof Error &&
    /^(CredentialUnavailable|AggregateAuthentication)/.test(error.name)
  ) {
    return refused(at, firstLine(error.message), { cause: error });
  }
  if (!(error instanceof RestError) || error.statusCode === undefined) {
    return connectionFault(at, error);
  }
  const { statusCode: status, code = "", response } = error;
  const reason = `${code} ${firstLine(error.message)}`.trim();
  const isPassing = status < 400 || passingCodes.has(code);
  if (isPassing) return unavailable(at, reason, { cause: error });
  const wait = retryAfterMs(response?.headers.get("retry-after"));
  return statusFault(at, { status, reason, retryAfterMs: wait }, error);
}

/** Azure's clients write whole pages; the first line says what it is. */
function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

function restErrorOf(error: unknown): RestError | undefined {
  const cause = (error as { cause?: unknown }).cause;
  return cause instanceof RestError ? cause : undefined;
}

/** No such blob. A container that is not there is another matter. */
function isMissing(error: unknown): boolean {
  const cause = restErrorOf(error);
  return cause?.statusCode === 404 && cause.code !== "ContainerNotFound";
}
