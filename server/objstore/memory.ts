import { assert, type Clock } from "../platform/base/index.ts";
import { compareUtf8 } from "../model/index.ts";
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
  UploadPart,
} from "./bucket.ts";
import { assertRange } from "./byte-range.ts";
import { objectChanged } from "./faults.ts";
import { listPage } from "./list-page.ts";
import { assertObjectName } from "./object-name.ts";

interface StoredObject {
  readonly bytes: Uint8Array;
  readonly modifiedMs: number;
  readonly version: string;
}

/** A bucket that lives and dies with the process: for tests, and the model of what a bucket is. */
export function createMemoryBucket(world: { clock: Clock }): Bucket {
  return new MemoryBucket(world.clock);
}

class MemoryBucket implements Bucket {
  readonly address = "memory://";
  readonly #objects = new Map<string, StoredObject>();
  readonly #clock: Clock;
  #writes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    call.signal?.throwIfAborted();
    const names = [...this.#objects.keys()].sort(compareUtf8);
    return listPage(names, request, (name) => this.#info(name));
  }

  async head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    call.signal?.throwIfAborted();
    return this.#info(name);
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    call.signal?.throwIfAborted();
    const object = this.#objects.get(name);
    if (object === undefined) return undefined;
    const { bytes, version } = object;
    if (range.version !== undefined && range.version !== version) {
      throw objectChanged({ address: this.address, attempt: `read ${name}` });
    }
    const end = range.offsetBytes + range.sizeBytes;
    return { bytes: bytes.slice(range.offsetBytes, end), objectSizeBytes: bytes.length, version };
  }

  async write(name: string, bytes: Uint8Array, call: BucketCall): Promise<void> {
    call.signal?.throwIfAborted();
    this.#put(name, bytes.slice());
  }

  async startUpload(name: string, call: BucketCall): Promise<Upload> {
    call.signal?.throwIfAborted();
    assertObjectName(name);
    return new MemoryUpload((bytes) => this.#put(name, bytes));
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    call.signal?.throwIfAborted();
    this.#objects.delete(name);
  }

  async close(): Promise<void> {}

  #put(name: string, bytes: Uint8Array): void {
    assertObjectName(name);
    const version = String(++this.#writes);
    this.#objects.set(name, { bytes, modifiedMs: this.#clock.nowMs(), version });
  }

  #info(name: string): ObjectInfo | undefined {
    const object = this.#objects.get(name);
    if (object === undefined) return undefined;
    return { name, sizeBytes: object.bytes.length, modifiedMs: object.modifiedMs };
  }
}

class MemoryUpload implements Upload {
  readonly parallel = true;
  readonly #parts = new Map<number, Uint8Array>();
  readonly #put: (bytes: Uint8Array) => void;

  constructor(put: (bytes: Uint8Array) => void) {
    this.#put = put;
  }

  async storePart(part: UploadPart, call: BucketCall): Promise<PartTag> {
    call.signal?.throwIfAborted();
    this.#parts.set(part.number, part.bytes.slice());
    return String(part.number);
  }

  async complete(tags: readonly PartTag[], call: BucketCall): Promise<void> {
    call.signal?.throwIfAborted();
    const parts = tags.map((tag) => this.#parts.get(Number(tag)));
    assert(!parts.includes(undefined), "a part of an upload was never stored");
    this.#put(new Uint8Array(Buffer.concat(parts as Uint8Array[])));
  }

  async abort(): Promise<void> {
    this.#parts.clear();
  }
}
