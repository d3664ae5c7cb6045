import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  S3ServiceException,
  type StorageClass,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { assert, defined } from "../platform/base/index.ts";
import {
  collectBody,
  expectRange,
  type IncomingBody,
  md5,
  rangeHeader,
  retryAfterMs,
} from "./body.ts";
import type {
  Bucket,
  BucketCall,
  ByteRange,
  ListPage,
  ListRequest,
  ObjectBytes,
  ObjectInfo,
  PartTag,
  ServerSideEncryption,
  Upload,
  UploadOptions,
  UploadPart,
  WriteOptions,
} from "./bucket.ts";
import type { S3Config } from "./bucket-config.ts";
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

/** Time to connect; a store that is there answers within one or two round trips. */
const connectTimeoutMs = 5_000;

/** Opens a bucket of S3 or of a store that speaks its language. Nothing is sent yet. */
export function openS3Bucket(config: S3Config): Bucket {
  return new S3Bucket(config);
}

class S3Bucket implements Bucket {
  readonly address: string;
  readonly #config: S3Config;
  readonly #client: S3Client;

  constructor(config: S3Config) {
    this.address = `s3://${config.bucketName}`;
    this.#config = config;
    this.#client = new S3Client(clientConfig(config));
  }

  async list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    const answer = await this.#send(`list ${request.prefix}`, call, (options) =>
      this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#config.bucketName,
          Prefix: request.prefix,
          Delimiter: request.recursive ? undefined : "/",
          ContinuationToken: request.after,
          MaxKeys: pageEntriesMax,
        }),
        options,
      ),
    );
    const objects = (answer.Contents ?? []).map((object) => ({
      name: object.Key ?? "",
      sizeBytes: object.Size ?? 0,
      modifiedMs: object.LastModified?.getTime() ?? 0,
    }));
    const folders = (answer.CommonPrefixes ?? []).map((folder) => folder.Prefix ?? "");
    const next = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
    return { objects, folders, next };
  }

  async head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    const found = await this.#lookUp(name, call);
    return found && { name, sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    const at = this.#place(`read ${name}`);
    try {
      return await this.#send(at.attempt, call, async (options) => {
        const command = new GetObjectCommand({
          ...this.#object(name),
          Range: rangeHeader(range),
          IfMatch: range.version,
        });
        const answer = await this.#client.send(command, options);
        const headers = { contentRange: answer.ContentRange, contentLength: answer.ContentLength };
        const body = defined(answer.Body, "the body of an answer") as IncomingBody;
        try {
          const { sizeBytes, objectSizeBytes } = expectRange(at, range, headers);
          const bytes = await collectBody(body, { sizeBytes, signal: call.signal }, at);
          return { bytes, objectSizeBytes, version: answer.ETag ?? "" };
        } finally {
          body.destroy();
        }
      });
    } catch (error) {
      if (isMissing(error)) return undefined;
      if (statusOf(error) === 416) return this.#readPastEnd(name, range, call);
      throw error;
    }
  }

  async write(name: string, bytes: Uint8Array, options: WriteOptions): Promise<void> {
    assertObjectName(name);
    await this.#send(`write ${name}`, options, (sendOptions) =>
      this.#client.send(
        new PutObjectCommand({
          ...this.#object(name),
          ...this.#stored(options),
          Body: bytes,
          ContentMD5: md5(bytes, "base64"),
        }),
        sendOptions,
      ),
    );
  }

  async startUpload(name: string, options: UploadOptions): Promise<Upload> {
    assertObjectName(name);
    const object = this.#object(name);
    const answer = await this.#send(`write ${name}`, options, (sendOptions) =>
      this.#client.send(
        new CreateMultipartUploadCommand({ ...object, ...this.#stored(options) }),
        sendOptions,
      ),
    );
    const uploadId = defined(answer.UploadId, "the id of an upload");
    return new S3Upload({ ...object, UploadId: uploadId }, this.#client, {
      send: (call, run) => this.#send(`write ${name}`, call, run),
      sizeBytes: async (call) => (await this.#lookUp(name, call))?.sizeBytes,
    });
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    try {
      await this.#send(`delete ${name}`, call, (options) =>
        this.#client.send(new DeleteObjectCommand(this.#object(name)), options),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
  }

  #object(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#config.bucketName, Key: name };
  }

  #place(attempt: string): FaultPlace {
    return { address: this.address, attempt };
  }

  /** How objects are kept, as the requests that make them say it. */
  #stored(options: WriteOptions): Partial<PutObjectCommand["input"]> {
    const { storageClass } = this.#config;
    return {
      ContentType: "application/octet-stream",
      ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
      ...encryptionFields(options.encryption ?? this.#config.encryption),
    };
  }

  async #lookUp(name: string, call: BucketCall): Promise<Found | undefined> {
    try {
      const answer = await this.#send(`look up ${name}`, call, (options) =>
        this.#client.send(new HeadObjectCommand(this.#object(name)), options),
      );
      return {
        sizeBytes: answer.ContentLength ?? 0,
        modifiedMs: answer.LastModified?.getTime() ?? 0,
        version: answer.ETag ?? "",
      };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The store says that a range lies behind the object's end: no bytes, but a size. */
  async #readPastEnd(
    name: string,
    range: ByteRange,
    call: BucketCall,
  ): Promise<ObjectBytes | undefined> {
    const found = await this.#lookUp(name, call);
    if (found === undefined) return undefined;
    const { version, sizeBytes } = found;
    const isAnother = range.version !== undefined && range.version !== version;
    if (isAnother) throw objectChanged(this.#place(`read ${name}`));
    if (sizeBytes > range.offsetBytes) {
      throw unavailable(this.#place(`read ${name}`), "the object has grown while it was read");
    }
    return { bytes: new Uint8Array(0), objectSizeBytes: sizeBytes, version };
  }

  async #send<T>(attempt: string, call: BucketCall, run: Send<T>): Promise<T> {
    call.signal?.throwIfAborted();
    try {
      return await run(call.signal === undefined ? {} : { abortSignal: call.signal });
    } catch (error) {
      call.signal?.throwIfAborted();
      throw translate(this.#place(attempt), error);
    }
  }
}

interface Found {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly version: string;
}

type Send<T> = (options: { abortSignal?: AbortSignal }) => Promise<T>;

/** What an upload needs of its bucket. */
interface S3UploadSteps {
  readonly send: <T>(call: BucketCall, run: Send<T>) => Promise<T>;
  /** Size of the object that stands under the upload's name. */
  readonly sizeBytes: (call: BucketCall) => Promise<number | undefined>;
}

class S3Upload implements Upload {
  readonly parallel = true;
  readonly #target: { Bucket: string; Key: string; UploadId: string };
  readonly #client: S3Client;
  readonly #steps: S3UploadSteps;
  readonly #partSizes = new Map<number, number>();

  constructor(
    target: { Bucket: string; Key: string; UploadId: string },
    client: S3Client,
    steps: S3UploadSteps,
  ) {
    this.#target = target;
    this.#client = client;
    this.#steps = steps;
  }

  async storePart(part: UploadPart, call: BucketCall): Promise<PartTag> {
    const command = new UploadPartCommand({
      ...this.#target,
      PartNumber: part.number + 1,
      Body: part.bytes,
      ContentMD5: md5(part.bytes, "base64"),
    });
    const answer = await this.#steps.send(call, (options) => this.#client.send(command, options));
    this.#partSizes.set(part.number, part.bytes.length);
    return defined(answer.ETag, "the tag of a part");
  }

  async complete(tags: readonly PartTag[], call: BucketCall): Promise<void> {
    const Parts = tags.map((ETag, number) => ({ ETag, PartNumber: number + 1 }));
    const command = new CompleteMultipartUploadCommand({
      ...this.#target,
      MultipartUpload: { Parts },
    });
    try {
      await this.#steps.send(call, (options) => this.#client.send(command, options));
    } catch (error) {
      if (!isMissing(error) || !(await this.#isComplete(tags, call))) throw error;
    }
  }

  async abort(call: BucketCall): Promise<void> {
    const command = new AbortMultipartUploadCommand(this.#target);
    try {
      await this.#steps.send(call, (options) => this.#client.send(command, options));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /**
   * An upload that is gone was completed by a request whose answer was lost, or aborted. Nobody
   * else writes a block's files, so the size tells.
   */
  async #isComplete(tags: readonly PartTag[], call: BucketCall): Promise<boolean> {
    const sizes = tags.map((_, number) => this.#partSizes.get(number));
    assert(!sizes.includes(undefined), "a part of an upload was never stored");
    const wantedBytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    return (await this.#steps.sizeBytes(call)) === wantedBytes;
  }
}

function clientConfig(config: S3Config): S3ClientConfig {
  const { accessKeyId, secretAccessKey, sessionToken, endpoint } = config;
  const scheme = config.insecure ? "http" : "https";
  return {
    region: config.region ?? "us-east-1",
    forcePathStyle: config.pathStyle,
    maxAttempts: 1,
    followRegionRedirects: config.region === undefined,
    // Stores that only speak S3's language know neither trailing checksums nor newer algorithms;
    // every body carries its MD5 instead, which all of them check.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: connectTimeoutMs },
    ...(endpoint === undefined
      ? {}
      : { endpoint: endpoint.includes("://") ? endpoint : `${scheme}://${endpoint}` }),
    // Without keys the SDK's chain looks: environment, profile, web identity, container, instance.
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : {
          credentials: {
            accessKeyId,
            secretAccessKey,
            ...(sessionToken === undefined ? {} : { sessionToken }),
          },
        }),
  };
}

function encryptionFields(
  encryption: ServerSideEncryption | undefined,
): Partial<PutObjectCommand["input"]> {
  if (encryption === undefined) return {};
  if (encryption.kind === "SSE-S3") return { ServerSideEncryption: "AES256" };
  const { keyId, context } = encryption;
  return {
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: keyId,
    ...(context === undefined
      ? {}
      : { SSEKMSEncryptionContext: Buffer.from(context).toString("base64") }),
  };
}

/** Codes that stores send with a status of 4xx and that pass all the same. */
const passingCodes: ReadonlySet<string> = new Set([
  "RequestTimeout",
  "RequestTimeTooSkewed",
  "IncompleteBody",
  "BadDigest",
  "XAmzContentSHA256Mismatch",
  "OperationAborted",
]);

function translate(at: FaultPlace, error: unknown): Error {
  if (!(error instanceof S3ServiceException)) {
    const isCredentials = error instanceof Error && error.name === "CredentialsProviderError";
    if (isCredentials) return refused(at, error.message, { cause: error });
    return connectionFault(at, error);
  }
  const status = error.$metadata.httpStatusCode ?? 0;
  const reason = [error.name, error.message].filter((text) => text !== "").join(": ");
  // S3 may fail after it has begun to answer 200; and no status means that no answer came.
  if (status < 400 || passingCodes.has(error.name))
    return unavailable(at, reason, { cause: error });
  const wait = retryAfterMs(error.$response?.headers["retry-after"]);
  return statusFault(at, { status, reason, retryAfterMs: wait }, error);
}

function statusOf(error: unknown): number | undefined {
  const cause = (error as { cause?: unknown }).cause;
  return cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined;
}

/** No such object or upload. A bucket that is not there is another matter. */
function isMissing(error: unknown): boolean {
  const cause = (error as { cause?: { name?: string } }).cause;
  return statusOf(error) === 404 && cause?.name !== "NoSuchBucket";
}
