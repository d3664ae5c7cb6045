import { randomBytes } from "node:crypto";
import { assert } from "../platform/base/index.ts";
import {
  type ChunksPosition,
  type HeadSeries,
  type HistogramMessage,
  type KernelMemory,
  type KernelStats,
  type PairBytes,
  type PairCondition,
  type PairId,
  type PayloadFault,
  type PayloadFormat,
  type Refusal,
  type Resolution,
  refusalKinds,
  type SeriesRef,
  type SeriesVisit,
  type ShardKernel,
  type TenantIndex,
  type TenantRules,
} from "./face.ts";
import {
  exchangeEntries,
  refusalStride,
  reportConsumed,
  reportDefinitions,
  reportDuplicates,
  reportEntries,
  reportHistogramDuplicates,
  reportHistogramRows,
  reportNextId,
  reportNextOffset,
  reportPointer,
  reportRefusals,
  reportRows,
  reportSize,
  reportStatMaxTime,
  reportStatMinTime,
  reportStatPairs,
  reportStatSamples,
  reportStatSeries,
  reportStatSize,
} from "./layout.ts";
import { decodeMessages, decodePairs, decodeSeries } from "./results.ts";
import {
  compileKernel,
  instantiateKernel,
  type KernelInstance,
  type KernelSource,
  memorySizeBytesMax,
  reportedFault,
  unitSizeBytes,
} from "./wasm.ts";

/** What a shard kernel is made with. */
export interface ShardKernelOptions extends KernelSource {
  /** Series that the kernel holds at most, all tenants together; 0 (default): no such limit. */
  readonly seriesMax?: number;
  /** Memory in use from which on new series are refused; 3 GiB by default. */
  readonly seriesMemorySizeBytesMax?: number;
  /** Secret of 64 bits that keys the hash tables; a random one by default. */
  readonly hashKey?: bigint;
  /** Bits of each hash that count: tests force collisions with few. All by default. */
  readonly hashMask?: bigint;
  /** Address space left out at the front: tests run above 2 GiB with it. None by default. */
  readonly skipSizeBytes?: number;
}

/** The rest of the 4 GiB is for open chunks of known series and for cutting. */
const seriesMemoryDefault = 3 * 2 ** 30;

/** Makes the kernel of one ingest shard with a memory of its own. */
export async function createShardKernel(options: ShardKernelOptions = {}): Promise<ShardKernel> {
  const kernel = instantiateKernel(await compileKernel(options));
  const { exports } = kernel;
  const skipped = Math.floor((options.skipSizeBytes ?? 0) / unitSizeBytes);
  const units = Math.floor(memorySizeBytesMax / unitSizeBytes) - skipped;
  const key = options.hashKey ?? randomBytes(8).readBigUInt64LE();
  const mask = options.hashMask ?? 0xffff_ffff_ffff_ffffn;
  const started = exports.startShard(units, skipped, options.seriesMax ?? 0, key, mask);
  assert(started !== 0, "there is no memory for an empty kernel");
  const seriesMemory = options.seriesMemorySizeBytesMax ?? seriesMemoryDefault;
  exports.setSeriesMemory(Math.floor(seriesMemory / unitSizeBytes));
  return new WasmShardKernel(kernel);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

class WasmShardKernel implements ShardKernel {
  readonly #kernel: KernelInstance;
  readonly #exchange: Uint32Array;
  #refsVersion = 0;

  constructor(kernel: KernelInstance) {
    this.#kernel = kernel;
    this.#exchange = kernel.words(kernel.exports.exchangeAddress(), exchangeEntries);
  }

  get memory(): KernelMemory {
    return this.#kernel.memory;
  }

  setTenant(tenant: TenantIndex, rules: TenantRules): void {
    const done = this.#kernel.exports.setTenant(
      tenant,
      rules.seriesMax,
      rules.labelNamesMax,
      rules.labelNameSizeBytesMax,
      rules.labelValueSizeBytesMax,
      rules.outOfOrderWindowMs,
      rules.nativeHistogramsEnabled ? 1 : 0,
      rules.nativeHistogramBucketsMax,
      (rules.startTimestampsStored ? 1 : 0) | (rules.floatsAsXor2 ? 2 : 0),
    );
    assert(done !== 0, "there is no memory for a tenant");
  }

  input(sizeBytes: number): Uint8Array {
    const pointer = this.#kernel.exports.inputEnsure(sizeBytes) >>> 0;
    if (pointer === 0) throw new RangeError(`the kernel has no ${sizeBytes} bytes for input`);
    return this.#kernel.bytes(pointer, sizeBytes);
  }

  resolve(batch: {
    readonly tenant: TenantIndex;
    readonly format: PayloadFormat;
    readonly sizeBytes: number;
    readonly offsetBytes: number;
    readonly timeMsMax: number;
    readonly newestMs: number;
  }): Resolution | PayloadFault {
    const kernel = this.#kernel;
    const done = kernel.exports.resolve(
      batch.tenant,
      batch.format,
      batch.sizeBytes,
      batch.offsetBytes,
      batch.timeMsMax,
      batch.newestMs,
    );
    if (done === 0) return reportedFault(kernel);
    return {
      rows: kernel.reportWord(reportRows),
      definitions: kernel.reportWord(reportDefinitions),
      histograms: kernel.reportWord(reportHistogramRows),
      samplesDuplicate: kernel.reportWord(reportDuplicates),
      histogramsDuplicate: kernel.reportWord(reportHistogramDuplicates),
      refusals: this.#refusals(),
      nextOffsetBytes: kernel.reportWord(reportNextOffset),
    };
  }

  #refusals(): readonly Refusal[] {
    const kernel = this.#kernel;
    const found: Refusal[] = [];
    for (const [number, kind] of refusalKinds.entries()) {
      const entry = reportRefusals + number * refusalStride;
      const samples = kernel.reportWord(entry);
      if (samples === 0) continue;
      found.push({
        kind,
        samples,
        seriesOffsetBytes: kernel.reportWord(entry + 4),
        seriesSizeBytes: kernel.reportWord(entry + 8),
        timeMs: kernel.reportDouble(entry + 16),
      });
    }
    return found;
  }

  record(): Uint8Array {
    assert(this.#kernel.exports.record() !== 0, "there is no memory for a log record");
    return this.#lentBytes();
  }

  #lentBytes(): Uint8Array {
    const kernel = this.#kernel;
    return kernel.bytes(kernel.reportWord(reportPointer), kernel.reportWord(reportSize));
  }

  apply(): void {
    this.#kernel.exports.apply();
  }

  abandon(): void {
    this.#kernel.exports.abandon();
  }

  replay(
    sizeBytes: number,
    skipFromRef: SeriesRef,
    skipToRef: SeriesRef,
  ): PayloadFault | undefined {
    const done = this.#kernel.exports.replay(sizeBytes, skipFromRef, skipToRef) !== 0;
    return done ? undefined : reportedFault(this.#kernel);
  }

  replayRowsUnknown(): number {
    return this.#kernel.exports.replayRowsUnknown() >>> 0;
  }

  setChunksPosition(position: ChunksPosition): void {
    this.#kernel.exports.chunksPosition(position.file, position.offsetBytes);
  }

  outbox(): Uint8Array {
    this.#kernel.exports.outbox();
    return this.#lentBytes();
  }

  outboxWritten(sizeBytes: number): void {
    this.#kernel.exports.outboxDrop(sizeBytes);
  }

  outboxSizeBytes(): number {
    return this.#kernel.exports.outboxSize();
  }

  pairs(tenant: TenantIndex, afterId: PairId, max: number): readonly PairBytes[] {
    const kernel = this.#kernel;
    const found: PairBytes[] = [];
    let after = afterId;
    while (found.length < max) {
      const done = kernel.exports.pairsList(tenant, after, max - found.length) !== 0;
      assert(done, "there is no memory for a list of pairs");
      const count = kernel.reportWord(reportEntries);
      if (count === 0) break;
      decodePairs(this.#lentBytes().slice(), count, found);
      after = (found[found.length - 1] as PairBytes).id;
    }
    return found;
  }

  pairsVersion(tenant: TenantIndex): number {
    return this.#kernel.exports.pairsVersion(tenant) >>> 0;
  }

  pairId(tenant: TenantIndex, name: Uint8Array, value: Uint8Array): PairId {
    const exchange = this.#kernel.exports.exchangeAddress() >>> 0;
    const size = name.length + value.length;
    if (size > exchangeEntries * 4) return this.#longPairId(tenant, name, value);
    const bytes = this.#kernel.bytes(exchange, size);
    bytes.set(name);
    bytes.set(value, name.length);
    return this.#kernel.exports.pairIdOf(tenant, exchange, name.length, value.length) >>> 0;
  }

  /** Such a pair does not fit into the exchange area; a walk over all pairs is right, if slow. */
  #longPairId(tenant: TenantIndex, name: Uint8Array, value: Uint8Array): PairId {
    let after = 0;
    for (;;) {
      const some = this.pairs(tenant, after, exchangeEntries);
      const found = some.find((pair) => sameBytes(pair.name, name) && sameBytes(pair.value, value));
      if (found !== undefined) return found.id;
      if (some.length < exchangeEntries) return 0;
      after = (some[some.length - 1] as PairBytes).id;
    }
  }

  postings(tenant: TenantIndex, pair: PairId): Uint32Array {
    const { exports } = this.#kernel;
    if (exports.postingsOpen(tenant, pair) === 0) return new Uint32Array(0);
    const refs = new Uint32Array(this.postingsCount(tenant, pair));
    let length = 0;
    for (;;) {
      const count = exports.postingsRead();
      if (count === 0) break;
      refs.set(this.#exchange.subarray(0, count), length);
      length += count;
    }
    return refs.subarray(0, length);
  }

  postingsCount(tenant: TenantIndex, pair: PairId): number {
    return this.#kernel.exports.postingsCount(tenant, pair) >>> 0;
  }

  filter(refs: Uint32Array, conditions: readonly PairCondition[]): Uint32Array {
    assert(refs.length <= exchangeEntries, "filter takes at most 4096 refs");
    let kept = refs;
    for (let from = 0; from === 0 || from < conditions.length; from += 31) {
      kept = this.#filterSome(kept, conditions.slice(from, from + 31));
    }
    return kept;
  }

  /** Filters by at most 31 conditions: each has a bit of a pair's mark. */
  #filterSome(refs: Uint32Array, conditions: readonly PairCondition[]): Uint32Array {
    const { exports } = this.#kernel;
    let present = 0;
    let absent = 0;
    for (const [index, condition] of conditions.entries()) {
      if (condition.present) present |= 1 << index;
      else absent |= 1 << index;
      this.#mark(condition.pairIds, 1 << index, 1);
    }
    this.#exchange.set(refs);
    const count = exports.filterRefs(refs.length, present, absent);
    const kept = this.#exchange.slice(0, count);
    for (const [index, condition] of conditions.entries()) {
      this.#mark(condition.pairIds, 1 << index, 0);
    }
    return kept;
  }

  #mark(pairIds: Uint32Array, bit: number, set: number): void {
    for (let from = 0; from < pairIds.length; from += exchangeEntries) {
      const part = pairIds.subarray(from, from + exchangeEntries);
      this.#exchange.set(part);
      this.#kernel.exports.filterMark(part.length, bit, set);
    }
  }

  read(refs: Uint32Array, startMs: number, endMs: number): HeadSeries[] {
    const kernel = this.#kernel;
    const found: HeadSeries[] = [];
    const exchange = kernel.exports.exchangeAddress();
    let from = 0;
    while (from < refs.length) {
      const part = refs.subarray(from, from + exchangeEntries);
      this.#exchange.set(part);
      const done = kernel.exports.readSeries(exchange, part.length, startMs, endMs) !== 0;
      assert(done, "there is no memory to read series into");
      decodeSeries(this.#lentBytes().slice(), kernel.reportWord(reportEntries), found);
      from += kernel.reportWord(reportConsumed);
    }
    return found;
  }

  histogramMessages(chunk: Uint8Array, encoding: number): HistogramMessage[] | undefined {
    this.input(chunk.length).set(chunk);
    if (this.#kernel.exports.messages(chunk.length, encoding) === 0) return undefined;
    return decodeMessages(this.#lentBytes().slice(), this.#kernel.reportWord(reportEntries));
  }

  stats(tenant: TenantIndex): KernelStats {
    return this.#stats(tenant);
  }

  totalStats(): KernelStats & { readonly sizeBytes: number } {
    const stats = this.#stats(0);
    return { ...stats, sizeBytes: this.#kernel.reportDouble(reportStatSize) };
  }

  #stats(index: number): KernelStats {
    const kernel = this.#kernel;
    kernel.exports.stats(index);
    const minTimeMs = kernel.reportDouble(reportStatMinTime);
    const maxTimeMs = kernel.reportDouble(reportStatMaxTime);
    return {
      series: kernel.reportDouble(reportStatSeries),
      pairs: kernel.reportDouble(reportStatPairs),
      samplesAppended: kernel.reportDouble(reportStatSamples),
      minTimeMs: Number.isFinite(minTimeMs) ? minTimeMs : undefined,
      maxTimeMs: Number.isFinite(maxTimeMs) ? maxTimeMs : undefined,
    };
  }

  exportSeries(
    fromRef: SeriesRef,
    sizeBytesTarget: number,
  ): ReturnType<ShardKernel["exportSeries"]> {
    const done = this.#kernel.exports.exportSeries(fromRef, sizeBytesTarget) !== 0;
    assert(done, "there is no memory for a section of series");
    const file = this.#kernel.reportWord(reportConsumed) >>> 0;
    return {
      section: this.#lentBytes(),
      nextRef: this.#kernel.reportWord(reportNextId),
      chunksFileOldest: file === 0xffff_ffff ? Number.POSITIVE_INFINITY : file,
    };
  }

  exportPairs(
    fromId: PairId,
    sizeBytesTarget: number,
  ): { readonly section: Uint8Array; readonly nextId: PairId } {
    const done = this.#kernel.exports.exportPairs(fromId, sizeBytesTarget) !== 0;
    assert(done, "there is no memory for a section of pairs");
    return { section: this.#lentBytes(), nextId: this.#kernel.reportWord(reportNextId) };
  }

  importPairs(sizeBytes: number): PayloadFault | undefined {
    const done = this.#kernel.exports.takePairs(sizeBytes) !== 0;
    return done ? undefined : reportedFault(this.#kernel);
  }

  importSeries(sizeBytes: number): PayloadFault | undefined {
    const done = this.#kernel.exports.takeSeries(sizeBytes) !== 0;
    return done ? undefined : reportedFault(this.#kernel);
  }

  seal(visit: SeriesVisit): SeriesRef {
    const { tenant, beforeMs, fromRef, visitsMax } = visit;
    return this.#kernel.exports.seal(tenant, beforeMs, fromRef, visitsMax) >>> 0;
  }

  refsVersion(): number {
    return this.#refsVersion;
  }

  truncate(visit: SeriesVisit, sealedBefore: ChunksPosition): SeriesRef {
    this.#refsVersion++;
    const { tenant, beforeMs, fromRef, visitsMax } = visit;
    const { exports } = this.#kernel;
    exports.truncateBelow(sealedBefore.file, sealedBefore.offsetBytes);
    return exports.truncate(tenant, beforeMs, fromRef, visitsMax) >>> 0;
  }
}
