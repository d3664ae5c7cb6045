import type { FrontKernel, Region } from "../kernel/index.ts";
import { assert } from "../platform/base/index.ts";
import { writeTooLarge } from "./refusals.ts";
import type { Scratch } from "./scratch.ts";

/** First region of a body of unknown length; most requests of real senders fit. */
const unknownSizeBytes = 64 * 1024;

/** Bytes as they arrived, in kernel memory. */
export interface ReceivedBody {
  readonly region: Region;
  /** How many bytes of the region the body fills. */
  readonly sizeBytes: number;
}

/** What decoding works with. */
export interface DecodeContext {
  readonly kernel: FrontKernel;
  readonly scratch: Scratch;
  /** Most bytes that the decoded message may have. */
  readonly sizeBytesMax: number;
}

/**
 * Collects the chunks of a body in one region: of the declared size, or doubling when nothing
 * was declared. Each chunk is copied once, so the socket's buffers are free at once.
 */
export class BodyWriter {
  readonly #scratch: Scratch;
  readonly sizeBytesMax: number;
  #region: Region | undefined;
  #sizeBytes = 0;

  /** Reserves for `declaredSizeBytes`; throws when that is over `sizeBytesMax`. */
  constructor(
    scratch: Scratch,
    options: { readonly declaredSizeBytes: number | undefined; readonly sizeBytesMax: number },
  ) {
    this.#scratch = scratch;
    this.sizeBytesMax = options.sizeBytesMax;
    const { declaredSizeBytes } = options;
    if (declaredSizeBytes === undefined || declaredSizeBytes === 0) return;
    if (declaredSizeBytes > this.sizeBytesMax) throw writeTooLarge(this.sizeBytesMax);
    this.#region = scratch.allocate(declaredSizeBytes);
  }

  /** Copies a chunk; throws when the body grows too large or memory is out. */
  write(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const needed = this.#sizeBytes + chunk.length;
    if (needed > this.sizeBytesMax) throw writeTooLarge(this.sizeBytesMax);
    const region = this.#roomFor(needed);
    region.bytes.set(chunk, this.#sizeBytes);
    this.#sizeBytes = needed;
  }

  /** The body, or undefined when it is empty. Nothing may be written afterwards. */
  finish(): ReceivedBody | undefined {
    if (this.#region === undefined || this.#sizeBytes === 0) return undefined;
    return { region: this.#region, sizeBytes: this.#sizeBytes };
  }

  #roomFor(neededBytes: number): Region {
    const old = this.#region;
    if (old !== undefined && old.bytes.length >= neededBytes) return old;
    const doubled = Math.max(unknownSizeBytes, 2 * (old?.bytes.length ?? 0), neededBytes);
    const grown = this.#scratch.allocate(Math.min(doubled, this.sizeBytesMax));
    assert(grown.bytes.length >= neededBytes, "a body outgrew its limit");
    if (old !== undefined) {
      grown.bytes.set(old.bytes.subarray(0, this.#sizeBytes));
      this.#scratch.release(old);
    }
    this.#region = grown;
    return grown;
  }
}

/** The kernel reads a region to its end, so a body in a larger region moves to a fitting one. */
export function exactly(scratch: Scratch, body: ReceivedBody): Region {
  if (body.region.bytes.length === body.sizeBytes) return body.region;
  const region = scratch.allocate(body.sizeBytes);
  region.bytes.set(body.region.bytes.subarray(0, body.sizeBytes));
  scratch.release(body.region);
  return region;
}
