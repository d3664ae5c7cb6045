import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { KernelMemory, PayloadFault } from "./face.ts";
import { reportFault, reportFaultOffset, reportTotal } from "./layout.ts";

/** The compiled kernel: compile once per process, post it to threads, instantiate there. */
export interface KernelModule {
  readonly [Symbol.toStringTag]: string;
}

/** The parts of WebAssembly that the kernel needs; the compiler's library has no types for it. */
interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<KernelModule>;
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => KernelMemory;
  readonly Instance: new (
    module: KernelModule,
    imports: { readonly env: object },
  ) => { readonly exports: object };
}

const api: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

/** Functions of the module, as `assembly/index.ts` exports them; addresses are u32. */
export interface KernelExports {
  startFront(limitUnits: number): void;
  startShard(
    limitUnits: number,
    skipUnits: number,
    seriesMax: number,
    secret: bigint,
    mask: bigint,
  ): number;
  setSeriesMemory(units: number): void;
  reportAddress(): number;
  exchangeAddress(): number;
  spanAlloc(units: number): number;
  spanFree(pointer: number, units: number): void;
  snappySize(from: number, size: number): number;
  snappyDecode(from: number, size: number, target: number, targetSize: number): number;
  scan(format: number, from: number, size: number): number;
  xxh64(from: number, size: number, seed: bigint): bigint;
  splitMeasure(
    format: number,
    from: number,
    size: number,
    series: number,
    seed: bigint,
    shards: number,
  ): number;
  splitParts(): number;
  splitCopy(format: number, from: number, size: number, shards: number): void;
  inputEnsure(size: number): number;
  setTenant(
    index: number,
    seriesMax: number,
    labelsMax: number,
    nameSizeMax: number,
    valueSizeMax: number,
    windowMs: number,
    histograms: number,
    bucketsMax: number,
    encoding: number,
  ): number;
  resolve(
    index: number,
    format: number,
    size: number,
    offset: number,
    timeMsMax: number,
    newestMs: number,
  ): number;
  record(): number;
  apply(): void;
  abandon(): void;
  replay(size: number, skipFrom: number, skipTo: number): number;
  replayRowsUnknown(): number;
  messages(size: number, encoding: number): number;
  chunksPosition(file: number, offset: number): void;
  outbox(): void;
  outboxDrop(size: number): void;
  outboxSize(): number;
  pairsList(index: number, after: number, most: number): number;
  pairsVersion(index: number): number;
  postingsCount(index: number, id: number): number;
  postingsOpen(index: number, id: number): number;
  postingsRead(): number;
  filterMark(count: number, bit: number, set: number): void;
  filterRefs(count: number, present: number, absent: number): number;
  readSeries(refs: number, count: number, startMs: number, endMs: number): number;
  pairIdOf(index: number, name: number, nameSize: number, valueSize: number): number;
  exportSeries(fromRef: number, target: number): number;
  exportPairs(fromId: number, target: number): number;
  takeSeries(size: number): number;
  takePairs(size: number): number;
  seal(index: number, beforeMs: number, fromRef: number, most: number): number;
  truncateBelow(file: number, offset: number): void;
  truncate(index: number, beforeMs: number, fromRef: number, most: number): number;
  stats(index: number): void;
}

/** Pages of 64 KiB that a memory has at first: what the module's own data needs, and a little. */
const initialPages = 32;
/** The whole address space; pages that are not touched cost nothing. */
const maximumPages = 65536;

/** An instance with its memory and ways to look into it. */
export interface KernelInstance {
  readonly exports: KernelExports;
  readonly memory: KernelMemory;
  /** A view of kernel memory; stays valid when the memory grows. */
  bytes(pointer: number, sizeBytes: number): Uint8Array;
  /** A view of 32-bit words at a pointer that is a multiple of 4. */
  words(pointer: number, count: number): Uint32Array;
  /** Fields of the report. */
  reportWord(offset: number): number;
  reportDouble(offset: number): number;
}

/** Where a kernel comes from: a module that is compiled, its bytes, or the place of its file. */
export interface KernelSource {
  readonly module?: KernelModule;
  readonly bytes?: Uint8Array;
  /** Path or file URL; without one the file is looked for beside the code. */
  readonly url?: string | URL;
}

/** Compiles the kernel, so that it can be posted to threads and instantiated there. */
export async function compileKernel(source: KernelSource = {}): Promise<KernelModule> {
  if (source.module !== undefined) return source.module;
  const url = source.url ?? findKernel();
  const path = typeof url === "string" && !url.startsWith("file:") ? url : new URL(url);
  return api.compile(source.bytes ?? (await readFile(path)));
}

/** A bundle has the module beside its entry file, the source tree where it is built. */
function findKernel(): URL {
  const bundled = new URL("./kernel.wasm", import.meta.url);
  return existsSync(bundled) ? bundled : new URL("./build/kernel.wasm", import.meta.url);
}

/** Makes an instance with a fresh shared memory. */
export function instantiateKernel(module: KernelModule): KernelInstance {
  const memory = new api.Memory({ initial: initialPages, maximum: maximumPages, shared: true });
  const abort = (): never => {
    throw new Error("the kernel aborted");
  };
  const instance = new api.Instance(module, { env: { memory, abort } });
  const exports = instance.exports as KernelExports;
  const report = exports.reportAddress() >>> 0;
  const view = new DataView(memory.buffer, report, reportTotal);
  return {
    exports,
    memory,
    bytes: (pointer, sizeBytes) => new Uint8Array(memory.buffer, pointer >>> 0, sizeBytes),
    words: (pointer, count) => new Uint32Array(memory.buffer, pointer >>> 0, count),
    reportWord: (offset) => view.getUint32(offset, true),
    reportDouble: (offset) => view.getFloat64(offset, true),
  };
}

const faultKinds: readonly PayloadFault["fault"][] = [
  "truncated",
  "malformed",
  "symbol-out-of-range",
  "odd-label-refs",
  "too-many-objects",
];

/** The fault in the report; "malformed" when the kernel named none (memory was out). */
export function reportedFault(kernel: KernelInstance): PayloadFault {
  const kind = kernel.reportWord(reportFault);
  return {
    fault: faultKinds[kind - 1] ?? "malformed",
    offsetBytes: kernel.reportWord(reportFaultOffset),
  };
}

/** Units of 4 KiB that memory is counted in inside the kernel. */
export const unitSizeBytes = 4096;
/** Bytes behind every region that fast copies may touch. */
export const slackSizeBytes = 64;
/** The most that one memory can have: 4 GiB less the last page. */
export const memorySizeBytesMax: number = 65535 * 65536;
