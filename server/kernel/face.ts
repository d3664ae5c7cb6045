/**
 * The typed face of the kernel: what TypeScript may ask of the WebAssembly module. Two
 * implementations keep it: `kernel.ts` (the real one) and `model.ts` (the slow, obvious twin,
 * the oracle of property tests). All bytes cross as views of the kernel's shared memory.
 *
 * The life of a batch in a shard:
 *   resolve  scan the payload, find or create each series, judge each sample; no sample is stored
 *   record   the log record body of what `resolve` accepted (caller writes it to the log)
 *   apply    append the accepted rows; or `abandon` when the log could not be written
 * Nothing else may be called between `resolve` and `apply` or `abandon` except reads of the
 * resolution and `record`.
 */

/** The kernel's memory: shared, so that views stay valid when it grows and threads can read it. */
export interface KernelMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Dense number of a tenant, chosen by the caller, from 1 on, never reused in one data directory. */
export type TenantIndex = number;

/** Number of a series, from 1 on, ascending, never reused in one data directory. */
export type SeriesRef = number;

/** Number of a distinct label pair of one tenant, from 1 on; freed numbers are not reused. */
export type PairId = number;

/** Wire format of a payload: remote write 1.0 or 2.0, both uncompressed protobuf. */
export type PayloadFormat = 1 | 2;

/** A piece of kernel memory lent to the caller until `release`. */
export interface Region {
  readonly pointer: number;
  /** View of exactly the size asked for. Stays valid when the memory grows. */
  readonly bytes: Uint8Array;
}

/** What `scan` counts. Nothing was allocated for it, whatever the payload claims. */
export interface PayloadCounts {
  readonly series: number;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
  /** Metadata entries: of the request (1.0) or of its series (2.0). */
  readonly metadata: number;
}

/** A payload that is not what it says; `offsetBytes` is where that was noticed. */
export interface PayloadFault {
  readonly fault:
    | "truncated"
    | "malformed"
    | "symbol-out-of-range"
    | "odd-label-refs"
    | "too-many-objects";
  readonly offsetBytes: number;
}

/** The part of the kernel that a front thread needs: no series, no samples stored. */
export interface FrontKernel {
  readonly memory: KernelMemory;
  /** Lends `sizeBytes` of memory, or undefined when the kernel's limit is reached. */
  allocate(sizeBytes: number): Region | undefined;
  /** Takes a region back; it must not be used afterwards. */
  release(region: Region): void;
  /** Size that a snappy block declares, or undefined when the preamble is malformed or over 2^32-1. Reads only the preamble. */
  uncompressedSize(compressed: Uint8Array): number | undefined;
  /**
   * Decodes a snappy block from one region into another, whose size must be the declared one.
   * False when the block is malformed; nothing outside `target` was written then either.
   */
  uncompress(source: Region, sourceSizeBytes: number, target: Region): boolean;
  /**
   * Walks the whole payload: structure, lengths, UTF-8 is not checked, symbol references are.
   * A payload that passes never makes `resolve` find a structural fault.
   */
  scan(format: PayloadFormat, payload: Region): PayloadCounts | PayloadFault;
  /**
   * Cuts a payload that passed `scan` for `shards` shards (1024 at most) by the placement hash
   * of each series (tenant and sorted labels; see README.md): per shard a payload of the same
   * format in a region of its own, or undefined when no series falls there. Metadata of a 1.0
   * payload goes with the first part. Undefined as a whole when memory is out.
   */
  split(
    format: PayloadFormat,
    payload: Region,
    tenant: string,
    shards: number,
  ): (Region | undefined)[] | undefined;
}

/** Per-tenant numbers that the kernel judges by. Zero means no limit where a limit is meant. */
export interface TenantRules {
  readonly seriesMax: number;
  readonly labelNamesMax: number;
  readonly labelNameSizeBytesMax: number;
  readonly labelValueSizeBytesMax: number;
  /** How far behind the tenant's newest sample a sample may be; 0: only in order. */
  readonly outOfOrderWindowMs: number;
  /** Whether native histograms are taken; without them each is refused. */
  readonly nativeHistogramsEnabled: boolean;
  /** Buckets that a native histogram may have, positive and negative together. */
  readonly nativeHistogramBucketsMax: number;
  /** Start timestamps are stored; floats go into XOR2 chunks then. */
  readonly startTimestampsStored: boolean;
  /** Floats go into XOR2 chunks whatever else is stored. */
  readonly floatsAsXor2: boolean;
}

/** Why a sample or a whole series of a batch was refused. Order is the number in the kernel. */
export const refusalKinds = [
  "none",
  "missing-metric-name",
  "max-label-names-per-series",
  "label-invalid",
  "label-name-too-long",
  "label-value-invalid",
  "label-value-too-long",
  "duplicate-label-names",
  "metric-name-invalid",
  "max-series-per-user",
  "ingester-max-series",
  "too-far-in-future",
  "sample-timestamp-too-old",
  "sample-out-of-order",
  "sample-duplicate-timestamp",
  "native-histograms-disabled",
  "max-native-histogram-buckets",
  "invalid-native-histogram-schema",
  "native-histogram-count-mismatch",
  "native-histogram-count-not-big-enough",
  "native-histogram-negative-bucket-count",
  "native-histogram-span-negative-offset",
  "native-histogram-spans-buckets-mismatch",
  "native-histogram-custom-buckets-mismatch",
  "native-histogram-custom-buckets-invalid",
  "native-histogram-custom-buckets-infinite",
  "native-histogram-custom-buckets-not-reducible",
] as const;

/** One of `refusalKinds`; each but "none" is an id of the error catalogue. */
export type RefusalKind = (typeof refusalKinds)[number];

/** All refusals of one kind in a batch, with the first one's place as example. */
export interface Refusal {
  readonly kind: RefusalKind;
  readonly samples: number;
  /** Where the example's TimeSeries message body lies in the payload. */
  readonly seriesOffsetBytes: number;
  readonly seriesSizeBytes: number;
  /** Time of the refused sample, ms; 0 when the whole series was refused. */
  readonly timeMs: number;
}

/** What `resolve` found. */
export interface Resolution {
  /** Rows that wait for `apply`. */
  readonly rows: number;
  /** Series that no log record defines yet; `record` holds their labels. */
  readonly definitions: number;
  /** How many of those rows are native histograms. */
  readonly histograms: number;
  /** Samples and histograms that are held already, with the same value. */
  readonly samplesDuplicate: number;
  /** How many of those are native histograms. */
  readonly histogramsDuplicate: number;
  readonly refusals: readonly Refusal[];
  /**
   * Offset from which the payload is not resolved yet: equal to its size when all was seen.
   * Otherwise log and apply this part and call `resolve` again from here: the part was full
   * (about 8192 rows) or a series came a second time in it.
   */
  readonly nextOffsetBytes: number;
}

/** Chunks file that sealed chunks go to, and the byte at which the next one will lie. */
export interface ChunksPosition {
  readonly file: number;
  readonly offsetBytes: number;
}

/** A condition on a series' pairs: it must have one of them, or must have none. */
export interface PairCondition {
  readonly pairIds: Uint32Array;
  readonly present: boolean;
}

/** A label pair as bytes of UTF-8. Views, valid until the next call. */
export interface PairBytes {
  readonly id: PairId;
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

/** A chunk of a series as it stands in the kernel. */
export interface HeadChunk {
  /** Prometheus's encoding number. */
  readonly encoding: number;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly samples: number;
  readonly outOfOrder: boolean;
  /** The chunk's bytes copied out, or undefined when it is sealed. */
  readonly bytes: Uint8Array | undefined;
  /** Where a sealed chunk lies: its bytes, then crc32c over them, 4 bytes little-endian. */
  readonly file: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** A native histogram as a message of remote write; both formats have the same. */
export interface HistogramMessage {
  readonly timeMs: number;
  readonly message: Uint8Array;
}

/** One series read out of the kernel. */
export interface HeadSeries {
  readonly ref: SeriesRef;
  readonly pairIds: Uint32Array;
  readonly chunks: readonly HeadChunk[];
}

/** A slice of a walk over a tenant's series. */
export interface SeriesVisit {
  readonly tenant: TenantIndex;
  /** What lies wholly before this time is meant. */
  readonly beforeMs: number;
  /** Where the walk begins: 1, or what the former slice returned. */
  readonly fromRef: SeriesRef;
  /** Series visited at most. */
  readonly visitsMax: number;
}

/** Counts of one tenant or of the whole kernel. */
export interface KernelStats {
  readonly series: number;
  readonly pairs: number;
  readonly samplesAppended: number;
  /** Oldest and newest sample time held; undefined when nothing is held. */
  readonly minTimeMs: number | undefined;
  readonly maxTimeMs: number | undefined;
}

/** The whole kernel of one ingest shard. Everything is deterministic and single-threaded. */
export interface ShardKernel {
  readonly memory: KernelMemory;
  /** Makes a tenant known or changes its rules. */
  setTenant(tenant: TenantIndex, rules: TenantRules): void;

  /** A view of at least `sizeBytes` to put a payload, record or section into; valid until the next call of `input`. */
  input(sizeBytes: number): Uint8Array;
  /**
   * Scans `sizeBytes` of the input from `offsetBytes`, which is 0 or the former
   * `nextOffsetBytes`. `timeMsMax` is the newest time accepted; `newestMs` the newest time of the
   * tenant over all shards (the kernel takes the greater of it and its own).
   */
  resolve(batch: {
    readonly tenant: TenantIndex;
    readonly format: PayloadFormat;
    readonly sizeBytes: number;
    readonly offsetBytes: number;
    readonly timeMsMax: number;
    readonly newestMs: number;
  }): Resolution | PayloadFault;
  /**
   * Body of the log record of the last resolution, a view valid until `apply` or `abandon`.
   * Layout (little-endian): u32 tenant, u32 definitions, u32 rows; per definition: u32 ref,
   * u32 size, then the labels as sorted `0a <len> 0a <len> name 12 <len> value` (remote write 1.0
   * Label fields); then columns: u32 ref × rows, i64 time × rows, f64 bits × rows. When rows are
   * native histograms: u32 their count, u32 row × count, ascending, then their messages as they
   * came; such a row's bits are u32 place among those messages and u32 size. When start timestamps
   * are stored: that count, 0 perhaps, and behind all i64 start × rows, 0 for histograms.
   */
  record(): Uint8Array;
  /** Stores the rows of the last resolution. Never fails: what it needs was reserved by `resolve`. */
  apply(): void;
  /** Forgets the rows of the last resolution. New series stay, undefined in the log, until a record defines them. */
  abandon(): void;
  /**
   * Applies a record body that stands in the input, except rows whose ref lies in
   * [skipFromRef, skipToRef] (0, 0: none). Definitions of known refs are ignored, and those of
   * unknown refs in that range too: they were freed before the snapshot that covers the range.
   * A fault leaves the state as if the record had not been there.
   */
  replay(sizeBytes: number, skipFromRef: SeriesRef, skipToRef: SeriesRef): PayloadFault | undefined;

  /** Rows that `replay` has left out since the start because nothing knew their series: it had been truncated. */
  replayRowsUnknown(): number;

  /** Tells where the next sealed chunk will lie; called at start and at each new chunks file, with an empty outbox. */
  setChunksPosition(position: ChunksPosition): void;
  /** Bytes of sealed chunks that wait to be written at their position, oldest first; a view of a part, empty when none wait. */
  outbox(): Uint8Array;
  /** Drops `sizeBytes` from the front of the outbox: they are in the file. */
  outboxWritten(sizeBytes: number): void;
  /** Bytes waiting in the outbox. */
  outboxSizeBytes(): number;

  /** Pairs of a tenant with ids above `afterId`, ascending, at most `max`. */
  pairs(tenant: TenantIndex, afterId: PairId, max: number): readonly PairBytes[];
  /** Rises whenever refs may have been freed: what is remembered of a series by its ref is void then. */
  refsVersion(): number;
  /** Rises whenever pairs of the tenant are freed: cached lists of pairs are void then. */
  pairsVersion(tenant: TenantIndex): number;
  /** The tenant's pair of a name and a value, or 0 when no series ever had it. */
  pairId(tenant: TenantIndex, name: Uint8Array, value: Uint8Array): PairId;
  /** Series that have the pair, ascending. Pair 0: all series of the tenant. A copy. */
  postings(tenant: TenantIndex, pair: PairId): Uint32Array;
  /** How many series have the pair. Pair 0: all of the tenant. */
  postingsCount(tenant: TenantIndex, pair: PairId): number;
  /** Those of `refs` that fulfil all conditions, in the same order. Refs that are gone are left out. At most 4096 refs a call. */
  filter(refs: Uint32Array, conditions: readonly PairCondition[]): Uint32Array;
  /**
   * Reads series with the chunks that touch [startMs, endMs], a full copy. Refs that are gone
   * and series without such a chunk are left out; with `startMs > endMs` all series come, without
   * chunks. Open chunks are copied as Prometheus's chunks with their sample count set.
   */
  read(refs: Uint32Array, startMs: number, endMs: number): HeadSeries[];

  /**
   * The native histograms of a chunk as messages that lead to the same chunk again; undefined
   * when the bytes are no histogram chunk of this encoding.
   */
  histogramMessages(chunk: Uint8Array, encoding: number): HistogramMessage[] | undefined;

  stats(tenant: TenantIndex): KernelStats;
  totalStats(): KernelStats & { readonly sizeBytes: number };

  /**
   * One slice of a snapshot: series from `fromRef` on, as a versioned byte section (never a
   * memory image), about `sizeBytesTarget` long. A view, valid until the next call.
   * `nextRef` is 0 after the last series; `chunksFileOldest` is the oldest chunks file that the
   * slice refers to, Infinity when it refers to none.
   */
  exportSeries(
    fromRef: SeriesRef,
    sizeBytesTarget: number,
  ): {
    readonly section: Uint8Array;
    readonly nextRef: SeriesRef;
    readonly chunksFileOldest: number;
  };
  /** Likewise for pairs. Export pairs after the last series slice, import them before the first. */
  exportPairs(
    fromId: PairId,
    sizeBytesTarget: number,
  ): { readonly section: Uint8Array; readonly nextId: PairId };
  /** Takes a pair section that stands in the input. */
  importPairs(sizeBytes: number): PayloadFault | undefined;
  /** Takes a series section that stands in the input; its pairs must be there. */
  importSeries(sizeBytes: number): PayloadFault | undefined;

  /**
   * Seals open chunks of a tenant that lie wholly before a time, and all late samples of a series
   * of which any does; chunks never reach over a two-hour border. Returns where to go on, 0 at
   * the end.
   */
  seal(visit: SeriesVisit): SeriesRef;
  /**
   * Frees sealed chunks that lie wholly before a time and were sealed before a position, then
   * series that have no chunk left and no sample from that time on, then pairs that no series
   * has any more. Not between the first `exportSeries` and the last `exportPairs` of a
   * snapshot. Returns where to go on, 0 at the end.
   */
  truncate(visit: SeriesVisit, sealedBefore: ChunksPosition): SeriesRef;
}
