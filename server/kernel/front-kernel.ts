import { assert } from "../platform/base/index.ts";
import type {
  FrontKernel,
  KernelMemory,
  PayloadCounts,
  PayloadFault,
  PayloadFormat,
  Region,
} from "./face.ts";
import {
  reportExemplars,
  reportHistograms,
  reportMetadata,
  reportSamples,
  reportSeries,
} from "./layout.ts";
import {
  compileKernel,
  instantiateKernel,
  type KernelInstance,
  type KernelSource,
  memorySizeBytesMax,
  reportedFault,
  slackSizeBytes,
  unitSizeBytes,
} from "./wasm.ts";

/** What a front kernel is made with. */
export interface FrontKernelOptions extends KernelSource {
  /** Bound of all regions together, 4 GiB at most; `allocate` says undefined beyond it. */
  readonly memorySizeBytesMax?: number;
}

/** Makes the kernel of a front thread with a memory of its own. */
export async function createFrontKernel(options: FrontKernelOptions = {}): Promise<FrontKernel> {
  const kernel = instantiateKernel(await compileKernel(options));
  const limit = Math.min(options.memorySizeBytesMax ?? memorySizeBytesMax, memorySizeBytesMax);
  kernel.exports.startFront(Math.floor(limit / unitSizeBytes));
  return new WasmFrontKernel(kernel);
}

/** Words of a part in the kernel's table: size, place, bytes written. */
const partWords = 3;

class WasmFrontKernel implements FrontKernel {
  readonly #kernel: KernelInstance;
  /** Units of each region that is out, by pointer: a region given back twice is a bug. */
  readonly #lent = new Map<number, number>();

  constructor(kernel: KernelInstance) {
    this.#kernel = kernel;
  }

  get memory(): KernelMemory {
    return this.#kernel.memory;
  }

  allocate(sizeBytes: number): Region | undefined {
    if (sizeBytes > memorySizeBytesMax) return undefined;
    const units = Math.ceil((sizeBytes + slackSizeBytes) / unitSizeBytes);
    const pointer = this.#kernel.exports.spanAlloc(units) >>> 0;
    if (pointer === 0) return undefined;
    this.#lent.set(pointer, units);
    return { pointer, bytes: this.#kernel.bytes(pointer, sizeBytes) };
  }

  release(region: Region): void {
    const units = this.#lent.get(region.pointer);
    assert(units !== undefined, "a region was released that is not lent");
    this.#lent.delete(region.pointer);
    this.#kernel.exports.spanFree(region.pointer, units);
  }

  uncompressedSize(compressed: Uint8Array): number | undefined {
    let size = 0;
    for (let i = 0; i < 5; i++) {
      const byte = compressed[i];
      if (byte === undefined) return undefined;
      size += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return size <= 0xffffffff ? size : undefined;
    }
    return undefined;
  }

  uncompress(source: Region, sourceSizeBytes: number, target: Region): boolean {
    const size = Math.min(sourceSizeBytes, source.bytes.length);
    const { exports } = this.#kernel;
    return exports.snappyDecode(source.pointer, size, target.pointer, target.bytes.length) !== 0;
  }

  scan(format: PayloadFormat, payload: Region): PayloadCounts | PayloadFault {
    const kernel = this.#kernel;
    if (kernel.exports.scan(format, payload.pointer, payload.bytes.length) === 0) {
      return reportedFault(kernel);
    }
    return {
      series: kernel.reportWord(reportSeries),
      samples: kernel.reportWord(reportSamples),
      histograms: kernel.reportWord(reportHistograms),
      exemplars: kernel.reportWord(reportExemplars),
      metadata: kernel.reportWord(reportMetadata),
    };
  }

  split(
    format: PayloadFormat,
    payload: Region,
    tenant: string,
    shards: number,
  ): (Region | undefined)[] | undefined {
    const counts = this.scan(format, payload);
    if ("fault" in counts) return undefined;
    const { exports } = this.#kernel;
    const { pointer, bytes } = payload;
    const seed = this.#tenantHash(tenant);
    const measured =
      seed !== undefined &&
      exports.splitMeasure(format, pointer, bytes.length, counts.series, seed, shards) !== 0;
    if (!measured) return undefined;
    const table = this.#kernel.words(exports.splitParts(), shards * partWords);
    const parts = this.#allocateParts(table, shards);
    if (parts !== undefined) exports.splitCopy(format, pointer, bytes.length, shards);
    return parts;
  }

  /** Lends a region for each part that is not empty, and tells the kernel where. */
  #allocateParts(table: Uint32Array, shards: number): (Region | undefined)[] | undefined {
    const parts: (Region | undefined)[] = [];
    for (let shard = 0; shard < shards; shard++) {
      const size = table[shard * partWords] as number;
      const part = size === 0 ? undefined : this.allocate(size);
      if (size !== 0 && part === undefined) {
        for (const lent of parts) if (lent !== undefined) this.release(lent);
        return undefined;
      }
      table[shard * partWords + 1] = part?.pointer ?? 0;
      parts.push(part);
    }
    return parts;
  }

  /** First word of the placement hash: xxh64 of the tenant's name. */
  #tenantHash(tenant: string): bigint | undefined {
    const name = Buffer.from(tenant);
    const region = this.allocate(name.length);
    if (region === undefined) return undefined;
    region.bytes.set(name);
    const hash = this.#kernel.exports.xxh64(region.pointer, name.length, 0n);
    this.release(region);
    return hash;
  }
}
