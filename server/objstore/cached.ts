import type { Clock } from "../platform/base/index.ts";
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
  WriteOptions,
} from "./bucket.ts";
import { assertRange } from "./byte-range.ts";
import { type CachedValue, TimedCache } from "./timed-cache.ts";

/** For how long answers about an object may be kept. Zero or undefined: not at all. */
export interface CacheRule {
  /** Which objects it is for: the first rule that says yes counts. */
  readonly matches: (name: string) => boolean;
  /** That an object is there, and its size. */
  readonly headTtlMs?: number;
  /** That it is not there. Short: it may come. */
  readonly missingTtlMs?: number;
  /**
   * Its bytes, in aligned pieces of `pieceSizeBytes`. For objects that are never replaced, or
   * whose readers bear with an old version for so long.
   */
  readonly bytesTtlMs?: number;
}

/** What is cached, and how much of it. */
export interface CacheOptions {
  readonly rules: readonly CacheRule[];
  /**
   * For how long lists of a prefix are kept; zero: not at all. Only of whole folders: the prefix
   * is empty or ends with a slash.
   */
  readonly listTtlMs: (prefix: string) => number;
  /** Bytes of memory for everything together. */
  readonly sizeBytesMax: number;
}

/**
 * Ranges are cached in pieces of this size, aligned: small enough that a chunk of 16 KiB does not
 * drag much along, large enough that one entry is cheap.
 */
const pieceSizeBytes = 64 * 1024;

/** A range of more pieces than this goes past the cache: it would only push others out. */
const piecesMax = 64;

/**
 * The same bucket behind a memory of answers. What is written or deleted through it is forgotten;
 * what others write is seen when the rule's time is over. A read of a version that is named
 * gives that version or fails, as without a cache. Equal reads at one time become one.
 */
export function cached(bucket: Bucket, options: CacheOptions, world: { clock: Clock }): Bucket {
  return new CachedBucket(bucket, options, world.clock);
}

class CachedBucket implements Bucket {
  readonly address: string;
  readonly #bucket: Bucket;
  readonly #options: CacheOptions;
  readonly #cache: TimedCache;

  constructor(bucket: Bucket, options: CacheOptions, clock: Clock) {
    this.address = bucket.address;
    this.#bucket = bucket;
    this.#options = options;
    this.#cache = new TimedCache(options.sizeBytesMax, clock);
  }

  list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    const { prefix, recursive, after = "" } = request;
    const ttlMs = this.#options.listTtlMs(prefix);
    const isFolder = prefix === "" || prefix.endsWith("/");
    if (ttlMs === 0 || !isFolder) return this.#bucket.list(request, call);
    const key = { topic: listTopic(prefix), detail: `${recursive}\0${after}` };
    return this.#cache.get(key, call, async (inner) => {
      const value = await this.#bucket.list(request, inner);
      const names = [...value.folders, ...value.objects.map((info) => info.name)];
      const sizeBytes = names.reduce((sum, name) => sum + 2 * name.length + 48, 64);
      return { value, sizeBytes, ttlMs };
    });
  }

  head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    const rule = this.#ruleOf(name);
    if (rule === undefined) return this.#bucket.head(name, call);
    return this.#cache.get({ topic: objectTopic(name), detail: "head" }, call, async (inner) => {
      const value = await this.#bucket.head(name, inner);
      const ttlMs = (value === undefined ? rule.missingTtlMs : rule.headTtlMs) ?? 0;
      return { value, sizeBytes: 2 * name.length + 64, ttlMs };
    });
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    const rule = this.#ruleOf(name);
    const first = Math.floor(range.offsetBytes / pieceSizeBytes);
    const last = Math.floor((range.offsetBytes + range.sizeBytes - 1) / pieceSizeBytes);
    const isKept = rule?.bytesTtlMs !== undefined && rule.bytesTtlMs > 0;
    if (!isKept || last - first >= piecesMax) return this.#bucket.read(name, range, call);
    return this.#readPieces({ name, range, rule, first, last }, call);
  }

  async write(name: string, bytes: Uint8Array, options: WriteOptions): Promise<void> {
    try {
      await this.#bucket.write(name, bytes, options);
    } finally {
      this.#forget(name);
    }
  }

  async startUpload(name: string, options: UploadOptions): Promise<Upload> {
    const upload = await this.#bucket.startUpload(name, options);
    return {
      parallel: upload.parallel,
      storePart: (part, call) => upload.storePart(part, call),
      complete: async (tags, call) => {
        try {
          await upload.complete(tags, call);
        } finally {
          this.#forget(name);
        }
      },
      abort: (call) => upload.abort(call),
    };
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    try {
      await this.#bucket.delete(name, call);
    } finally {
      this.#forget(name);
    }
  }

  close(): Promise<void> {
    this.#cache.clear();
    return this.#bucket.close();
  }

  /**
   * Reads a range out of its pieces. They may have been read at different times: when they are
   * not all of one version, the range is read from the store.
   */
  async #readPieces(read: PieceRead, call: BucketCall): Promise<ObjectBytes | undefined> {
    const { name, range, first, last } = read;
    const count = last - first + 1;
    const pieces = await Promise.all(
      Array.from({ length: count }, (_, i) => this.#piece(read, first + i, call)),
    );
    const [one] = pieces;
    const isOneVersion = pieces.every((piece) => piece?.version === one?.version);
    const isWanted = range.version === undefined || range.version === one?.version;
    if (!isOneVersion || !isWanted) {
      this.#forget(name);
      return this.#bucket.read(name, range, call);
    }
    return one === undefined ? undefined : join(pieces as readonly ObjectBytes[], read);
  }

  #piece(read: PieceRead, index: number, call: BucketCall): Promise<ObjectBytes | undefined> {
    const { name, rule } = read;
    const piece = { offsetBytes: index * pieceSizeBytes, sizeBytes: pieceSizeBytes };
    return this.#cache.get(
      { topic: objectTopic(name), detail: String(index) },
      call,
      async (inner) => {
        const value = await this.#bucket.read(name, piece, inner);
        const ttlMs = (value === undefined ? rule.missingTtlMs : rule.bytesTtlMs) ?? 0;
        const sizeBytes = (value?.bytes.length ?? 0) + 2 * name.length + 128;
        return { value, sizeBytes, ttlMs } satisfies CachedValue<ObjectBytes | undefined>;
      },
    );
  }

  #ruleOf(name: string): CacheRule | undefined {
    return this.#options.rules.find((rule) => rule.matches(name));
  }

  #forget(name: string): void {
    this.#cache.forget(objectTopic(name));
    const folders = name.split("/").slice(0, -1);
    for (let depth = 0; depth <= folders.length; depth++) {
      const prefix = folders.slice(0, depth).map((folder) => `${folder}/`);
      this.#cache.forget(listTopic(prefix.join("")));
    }
  }
}

/** A range that is read out of pieces. */
interface PieceRead {
  readonly name: string;
  readonly range: ByteRange;
  readonly rule: CacheRule;
  /** Numbers of the first and the last piece that the range touches. */
  readonly first: number;
  readonly last: number;
}

const objectTopic = (name: string): string => `object\0${name}`;
const listTopic = (prefix: string): string => `list\0${prefix}`;

/** The bytes of a range out of the pieces that hold it; a copy, because pieces are shared. */
function join(pieces: readonly ObjectBytes[], { range, first }: PieceRead): ObjectBytes {
  const { objectSizeBytes, version } = pieces[0] as ObjectBytes;
  const sizeBytes = Math.max(0, Math.min(range.sizeBytes, objectSizeBytes - range.offsetBytes));
  const bytes = new Uint8Array(sizeBytes);
  for (const [i, piece] of pieces.entries()) {
    const at = (first + i) * pieceSizeBytes - range.offsetBytes;
    const from = Math.max(0, -at);
    const part = piece.bytes.subarray(from, Math.max(from, sizeBytes - at));
    if (part.length > 0) bytes.set(part, Math.max(0, at));
  }
  return { bytes, objectSizeBytes, version };
}
