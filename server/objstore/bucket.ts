/** What every call on a bucket may say about itself. */
export interface BucketCall {
  /** Aborting it fails the call with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from now after which the call fails, retries included. */
  readonly timeoutMs?: number | undefined;
}

/** What is known of an object without reading it. */
export interface ObjectInfo {
  readonly name: string;
  readonly sizeBytes: number;
  /** When the object was last written, by the store's clock, ms since the Unix epoch. */
  readonly modifiedMs: number;
}

/**
 * A page of names. Both lists ascend by the UTF-8 bytes of their names; so do the pages, with
 * names of ASCII in any store.
 */
export interface ListPage {
  readonly objects: readonly ObjectInfo[];
  /** Names up to and with the next `/`, when the request is for folders. */
  readonly folders: readonly string[];
  /** Where the next page starts; undefined after the last. */
  readonly next: string | undefined;
}

/** Which names to list. */
export interface ListRequest {
  /** What the names start with: empty for all, otherwise it most often ends with `/`. */
  readonly prefix: string;
  /** False: what lies behind the next `/` is told as one folder. True: every object is told. */
  readonly recursive: boolean;
  /** `next` of the page before, of the same request; undefined for the first page. */
  readonly after?: string | undefined;
}

/** A part of an object. */
export interface ByteRange {
  readonly offsetBytes: number;
  /** At least 1 and at most `readSizeBytesMax`. */
  readonly sizeBytes: number;
  /**
   * Version that the bytes must be of, from an earlier read of the same object. When the object
   * was replaced meanwhile the read fails with `bucket-object-changed`.
   */
  readonly version?: string | undefined;
}

/** What a read gives: all bytes of the range that the object has, never fewer. */
export interface ObjectBytes {
  /** The caller's own. Shorter than the range only when the object ends inside or before it. */
  readonly bytes: Uint8Array;
  /** Size of the whole object. */
  readonly objectSizeBytes: number;
  /** Opaque; another one once the object was written again with other bytes. */
  readonly version: string;
}

/** How objects are encrypted by the store. Only S3 knows it; other stores ignore it. */
export type ServerSideEncryption =
  | { readonly kind: "SSE-S3" }
  | {
      readonly kind: "SSE-KMS";
      readonly keyId: string;
      /** JSON text of string pairs, as AWS defines it. */
      readonly context?: string | undefined;
    };

/** How an object is to be written. */
export interface WriteOptions extends BucketCall {
  /** In place of what the bucket was opened with. */
  readonly encryption?: ServerSideEncryption | undefined;
}

/** Name under which a part of an upload was stored. Opaque. */
export type PartTag = string;

/**
 * An object that is written part by part and is visible as a whole once `complete` returned, never
 * before. Exactly one of `complete` and `abort` ends it; what a crash leaves behind is
 * invisible, and the store or `abort` of nobody removes it (a lifecycle rule does on S3).
 */
export interface Upload {
  /** True when parts may be stored in any order and several at once. */
  readonly parallel: boolean;
  /**
   * Stores the part `number`, from 0 on without gaps. All parts but the last have the size that
   * `startUpload` was told, the last has 1 byte to that size. Storing a part again replaces it.
   */
  storePart(part: UploadPart, call: BucketCall): Promise<PartTag>;
  /** Makes the object of all parts, tags in the order of their numbers. Safe to repeat. */
  complete(tags: readonly PartTag[], call: BucketCall): Promise<void>;
  /** Throws all parts away. Safe to repeat, and after a failed `complete`. */
  abort(call: BucketCall): Promise<void>;
}

/** One part of an upload. The bytes must not change until the call is over. */
export interface UploadPart {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** What an upload is told at its start. */
export interface UploadOptions extends WriteOptions {
  /** Size of all parts but the last: a multiple of 256 KiB, from `partSizeBytesMin` on. */
  readonly partSizeBytes: number;
}

/** S3 refuses smaller parts than 5 MiB, and GCS parts that are no multiple of 256 KiB. */
export const partSizeBytesMin: number = 5 * 1024 * 1024;

/** Parts of one upload: what Swift takes as it comes; S3 and Azure take more. */
export const partCountMax: number = 1_000;

/** Largest range of one read and largest object of one write: what one call may hold in memory. */
export const readSizeBytesMax: number = 64 * 1024 * 1024;

/**
 * A place for objects: whole byte strings under names such as `tenant/block/meta.json`.
 *
 * - A write is atomic and durable when it returns: readers see the old object or the new one.
 * - A read gives all that it was asked for or throws; a short body is never taken for a whole one.
 * - Names are checked by `assertObjectName`; a name may not be a folder of another name.
 * - A write that failed may still land, for as long as the store works on it: who replaces an object
 *   again and again writes it alone, and puts into it what tells a newer from an older one.
 * - Nothing here is conditional on what the bucket holds: no store is trusted with that.
 * - Failures are thrown as UrdError with a `bucket-…` id; `entry.retryable` says whether the
 *   same call may succeed later. What a driver throws was tried once; `retrying` tries again.
 */
export interface Bucket {
  /** For people: `s3://name`, `file:///path`. Holds no secret. */
  readonly address: string;
  list(request: ListRequest, call: BucketCall): Promise<ListPage>;
  /** Undefined when there is no such object. */
  head(name: string, call: BucketCall): Promise<ObjectInfo | undefined>;
  /** Undefined when there is no such object. */
  read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined>;
  /** Writes a whole object of at most `readSizeBytesMax`, new or in place of another. */
  write(name: string, bytes: Uint8Array, options: WriteOptions): Promise<void>;
  startUpload(name: string, options: UploadOptions): Promise<Upload>;
  /** No error when there is no such object. */
  delete(name: string, call: BucketCall): Promise<void>;
  /** Frees sockets and timers. Calls that are under way may fail. */
  close(): Promise<void>;
}
