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

/** Makes a front kernel from the module's bytes. */
export function loadFrontKernel(bytes: Uint8Array): Promise<FrontKernel> {
  return createFrontKernel({ bytes });
}

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
    assert(shards === 1 && tenant !== "" && format > 0, "split is not built yet");
    const copy = this.allocate(payload.bytes.length);
    copy?.bytes.set(payload.bytes);
    return copy === undefined ? undefined : [copy];
  }
}
