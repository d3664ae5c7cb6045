import type { Bucket, BucketCall, Upload } from "./bucket.ts";

/** What a bucket can be asked to do; the names are label values of metrics. */
export type BucketOperation =
  | "list"
  | "head"
  | "read"
  | "write"
  | "start_upload"
  | "store_part"
  | "complete_upload"
  | "abort_upload"
  | "delete";

/** One call on its way to a bucket. */
export interface PassingCall<T> {
  readonly operation: BucketOperation;
  /** Name of the object, or prefix of a list. */
  readonly name: string;
  readonly call: BucketCall;
  /** Bytes of objects that the call carries to the store. */
  readonly sentBytes: number;
  /** Bytes of objects that a result carries back. */
  readonly receivedBytes: (result: T) => number;
  /** Does the call; may be run again when it failed. */
  readonly run: (call: BucketCall) => Promise<T>;
}

/** What happens around each call. */
export type Around = <T>(passing: PassingCall<T>) => Promise<T>;

/** The same bucket with something around each of its calls, those of its uploads too. */
export function aroundCalls(bucket: Bucket, around: Around): Bucket {
  const pass = <T>(
    what: Pick<PassingCall<T>, "operation" | "name" | "call" | "run"> &
      Partial<Pick<PassingCall<T>, "sentBytes" | "receivedBytes">>,
  ): Promise<T> => around({ sentBytes: 0, receivedBytes: () => 0, ...what });
  return {
    address: bucket.address,
    list: (request, call) =>
      pass({
        operation: "list",
        name: request.prefix,
        call,
        run: (inner) => bucket.list(request, inner),
      }),
    head: (name, call) =>
      pass({ operation: "head", name, call, run: (inner) => bucket.head(name, inner) }),
    read: (name, range, call) =>
      pass({
        operation: "read",
        name,
        call,
        receivedBytes: (result) => result?.bytes.length ?? 0,
        run: (inner) => bucket.read(name, range, inner),
      }),
    write: (name, bytes, options) =>
      pass({
        operation: "write",
        name,
        call: options,
        sentBytes: bytes.length,
        run: (inner) => bucket.write(name, bytes, { ...options, ...inner }),
      }),
    async startUpload(name, options) {
      const run = (inner: BucketCall) => bucket.startUpload(name, { ...options, ...inner });
      const upload = await pass({ operation: "start_upload", name, call: options, run });
      return aroundUpload(upload, name, around);
    },
    delete: (name, call) =>
      pass({ operation: "delete", name, call, run: (inner) => bucket.delete(name, inner) }),
    close: () => bucket.close(),
  };
}

function aroundUpload(upload: Upload, name: string, around: Around): Upload {
  const nothing = { name, sentBytes: 0, receivedBytes: () => 0 };
  return {
    parallel: upload.parallel,
    storePart: (part, call) =>
      around({
        ...nothing,
        operation: "store_part",
        call,
        sentBytes: part.bytes.length,
        run: (inner) => upload.storePart(part, inner),
      }),
    complete: (tags, call) =>
      around({
        ...nothing,
        operation: "complete_upload",
        call,
        run: (inner) => upload.complete(tags, inner),
      }),
    abort: (call) =>
      around({
        ...nothing,
        operation: "abort_upload",
        call,
        run: (inner) => upload.abort(inner),
      }),
  };
}
