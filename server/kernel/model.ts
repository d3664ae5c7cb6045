import { labelsMax, newSeriesLagMs, pendingWalkMax, rowsMax } from "./layout.ts";
import type { RefusalKind, SeriesVisit, TenantRules } from "./face.ts";
import {
  isStaleHistogram,
  refusalOfHistogram,
  sameHistograms,
  staleBits,
} from "./model-histogram.ts";
import { refusalOfLabels } from "./model-labels.ts";
import { type ModelMessage, type ModelSample, readPayload } from "./model-payload.ts";
import {
  asStored,
  formOf,
  headerFor,
  isLateFull,
  isOver,
  lateChunks,
  type ModelChunk,
  type ModelSeries,
} from "./model-series.ts";

/**
 * The kernel's slow and obvious twin: the same acceptance, the same refusals, the same chunks,
 * on plain arrays and maps. It is the oracle of property tests and never runs in a server.
 */

/** A row that waits for `apply`. */
export interface ModelRow {
  readonly series: ModelSeries;
  readonly sample: ModelSample;
  readonly late: boolean;
}

/** What `resolve` of the twin found; refusals as "kind@offset+size@time" → samples. */
export interface ModelResolution {
  readonly rows: readonly ModelRow[];
  readonly definitions: readonly ModelSeries[];
  readonly samplesDuplicate: number;
  readonly histogramsDuplicate: number;
  readonly refusals: ReadonlyMap<RefusalKind, number>;
  readonly nextOffsetBytes: number;
}

interface ModelTenant {
  rules: TenantRules;
  newestMs: number;
  readonly series: Map<string, ModelSeries>;
  samplesAppended: number;
}

/** Verdict about one sample: take it (late or not), drop it silently, refuse it, end the part. */
type Verdict = "take" | "take-late" | "duplicate" | "part-full" | RefusalKind;

const timeBound = 2 ** 53;
const noRules: TenantRules = {
  seriesMax: 0,
  labelNamesMax: 0,
  labelNameSizeBytesMax: 0,
  labelValueSizeBytesMax: 0,
  outOfOrderWindowMs: 0,
  nativeHistogramsEnabled: false,
  nativeHistogramBucketsMax: 0,
  startTimestampsStored: false,
  floatsAsXor2: false,
};

/** Key of a set of labels; labels are sorted. */
export function labelsKey(labels: readonly (readonly [string, string])[]): string {
  return JSON.stringify(labels);
}

/** The twin. Sealed chunks are placed as the kernel places them: bytes and four of checksum. */
export class ModelKernel {
  readonly #tenants = new Map<number, ModelTenant>();
  readonly #byRef = new Map<number, ModelSeries>();
  #refNext = 1;
  #rows: ModelRow[] = [];
  #resume = { offsetBytes: -1, samples: 0 };

  setTenant(index: number, rules: TenantRules): void {
    this.#tenant(index).rules = rules;
  }

  #tenant(index: number): ModelTenant {
    let tenant = this.#tenants.get(index);
    if (tenant === undefined) {
      const newestMs = Number.NEGATIVE_INFINITY;
      tenant = { rules: noRules, newestMs, series: new Map(), samplesAppended: 0 };
      this.#tenants.set(index, tenant);
    }
    return tenant;
  }

  /** Resolves one part of a payload; undefined when the payload is malformed. */
  resolve(batch: {
    readonly tenant: number;
    readonly format: 1 | 2;
    readonly payload: Uint8Array;
    readonly offsetBytes: number;
    readonly timeMsMax: number;
    readonly newestMs: number;
  }): ModelResolution | undefined {
    const messages = readPayload(batch.format, batch.payload);
    if (messages === undefined) return undefined;
    const part = new ModelPart(this, this.#tenant(batch.tenant), batch);
    this.#rows = part.rows;
    const { skip, from } = this.#start(batch.offsetBytes);
    const nextOffsetBytes = this.#run(part, messages, { skip, from, end: batch.payload.length });
    return {
      rows: part.rows,
      definitions: part.definitions,
      samplesDuplicate: part.duplicates,
      histogramsDuplicate: part.histogramsDuplicate,
      refusals: part.refusals,
      nextOffsetBytes,
    };
  }

  #start(offsetBytes: number): { skip: number; from: number } {
    const resume = this.#resume;
    this.#resume = { offsetBytes: -1, samples: 0 };
    return resume.samples > 0 && resume.offsetBytes === offsetBytes
      ? { skip: resume.samples, from: offsetBytes - 1 }
      : { skip: 0, from: offsetBytes };
  }

  #run(
    part: ModelPart,
    messages: readonly ModelMessage[],
    place: { readonly skip: number; readonly from: number; readonly end: number },
  ): number {
    let skip = place.skip;
    for (const message of messages) {
      if (message.fieldOffsetBytes < place.from) continue;
      const stopped = part.take(message, skip);
      skip = 0;
      if (stopped === undefined) continue;
      if (stopped === 0) return message.fieldOffsetBytes;
      this.#resume = { offsetBytes: message.fieldOffsetBytes + 1, samples: stopped };
      return message.fieldOffsetBytes + 1;
    }
    return place.end;
  }

  /** Makes a series; used by the part that is being resolved and by replay. */
  create(index: number, labels: ModelSeries["labels"], ref: number = this.#refNext): ModelSeries {
    const series: ModelSeries = {
      ref,
      tenant: index,
      labels,
      sealed: [],
      open: [],
      header: 0,
      form: formOf(noRules),
      late: [],
      last: undefined,
      isDefined: false,
    };
    this.#refNext = Math.max(this.#refNext, ref + 1);
    this.#byRef.set(ref, series);
    this.#tenant(index).series.set(labelsKey(labels), series);
    return series;
  }

  /** Stores the rows that wait. */
  apply(): void {
    for (const { series, sample } of this.#rows) this.#store(series, sample);
    this.#rows = [];
  }

  /** Forgets the rows that wait. */
  abandon(): void {
    this.#rows = [];
  }

  #store(series: ModelSeries, sample: ModelSample): void {
    const tenant = this.#tenant(series.tenant);
    tenant.samplesAppended++;
    tenant.newestMs = Math.max(tenant.newestMs, sample.timeMs);
    series.isDefined = true;
    if (series.last !== undefined && sample.timeMs <= series.last.timeMs) {
      series.late.push(sample);
      series.late.sort((a, b) => a.timeMs - b.timeMs);
      if (isLateFull(series.late)) this.#sealLate(series);
      return;
    }
    const stored = asStored(series, sample);
    if (stored.histogram !== undefined) {
      const header = headerFor(series, stored.histogram);
      if (header !== "fits") {
        this.#sealOpen(series);
        series.header = header;
      }
    } else if (isOver(series, stored)) {
      this.#sealOpen(series);
    }
    if (series.open.length === 0) series.form = formOf(tenant.rules);
    series.open.push(stored);
    series.last = stored;
  }

  #sealOpen(series: ModelSeries): void {
    if (series.open.length === 0) return;
    this.#seal(series, { ...series, samples: series.open, late: false });
    series.open = [];
  }

  #sealLate(series: ModelSeries): void {
    const form = formOf(this.#tenant(series.tenant).rules);
    for (const chunk of lateChunks(series.late, form)) this.#seal(series, chunk);
    series.late = [];
  }

  #sealedCount = 0;

  /** Numbers sealed chunks in the order in which they leave; sizes are the kernel's business. */
  #seal(series: ModelSeries, chunk: ModelChunk): void {
    this.#sealedCount++;
    series.sealed.push({ chunk, at: { file: 0, offsetBytes: this.#sealedCount } });
  }

  /** Number of chunks sealed so far: the position that `truncate` compares with. */
  sealedCount(): number {
    return this.#sealedCount;
  }

  /** Applies what a log record says, without judging it. */
  replay(record: {
    readonly tenant: number;
    readonly definitions: readonly { ref: number; labels: ModelSeries["labels"] }[];
    readonly rows: readonly { ref: number; sample: ModelSample }[];
  }): void {
    for (const { ref, labels } of record.definitions) {
      if (this.#byRef.has(ref)) continue;
      const twin = this.#tenant(record.tenant).series.get(labelsKey(labels));
      if (twin === undefined) this.create(record.tenant, labels, ref);
      else this.#rename(twin, ref);
    }
    for (const { ref, sample } of record.rows) {
      const series = this.#byRef.get(ref);
      if (series === undefined || isHeld(series, sample.timeMs)) continue;
      this.#store(series, sample);
    }
  }

  #rename(series: ModelSeries, ref: number): void {
    this.#byRef.delete(series.ref);
    series.ref = ref;
    this.#byRef.set(ref, series);
    this.#refNext = Math.max(this.#refNext, ref + 1);
  }

  /** Forgets series that no log record defines: a restart does not bring them back. */
  forgetUndefined(): void {
    for (const { series: all } of this.#tenants.values()) {
      for (const [key, series] of all) {
        if (series.last !== undefined) continue;
        all.delete(key);
        this.#byRef.delete(series.ref);
      }
    }
  }

  /** Seals what lies wholly before a time. */
  seal(visit: SeriesVisit): void {
    for (const series of this.#tenant(visit.tenant).series.values()) {
      const newest = series.open.at(-1)?.timeMs;
      if (newest !== undefined && newest < visit.beforeMs) this.#sealOpen(series);
      const lateOldest = series.late[0]?.timeMs;
      if (lateOldest !== undefined && lateOldest < visit.beforeMs) this.#sealLate(series);
    }
  }

  /** Drops sealed chunks before a time and among the first `sealedBefore` that were sealed. */
  truncate(visit: SeriesVisit, sealedBefore: number): void {
    const { series: all } = this.#tenant(visit.tenant);
    for (const [key, series] of all) {
      const kept = series.sealed.filter(
        ({ chunk, at }) =>
          (chunk.samples.at(-1)?.timeMs ?? 0) >= visit.beforeMs || at.offsetBytes > sealedBefore,
      );
      series.sealed.splice(0, series.sealed.length, ...kept);
      const isEmpty = kept.length + series.open.length + series.late.length === 0;
      const isOld = series.last === undefined || series.last.timeMs < visit.beforeMs;
      if (!isEmpty || !isOld) continue;
      all.delete(key);
      this.#byRef.delete(series.ref);
    }
  }

  /** Series of a tenant by key, those without samples included. */
  series(index: number): ReadonlyMap<string, ModelSeries> {
    return this.#tenant(index).series;
  }

  /** Chunks of a series that touch a range: sealed, open and late ones, by time. */
  chunks(series: ModelSeries, startMs: number, endMs: number): readonly ModelChunk[] {
    const { header, form, open: samples } = series;
    const open = samples.length > 0 ? [{ samples, late: false, header, form }] : [];
    const lateForm = formOf(this.#tenant(series.tenant).rules);
    const sealed = series.sealed.map(({ chunk }) => chunk);
    return [...sealed, ...open, ...lateChunks(series.late, lateForm)].filter(
      ({ samples }) =>
        (samples[0]?.timeMs ?? 0) <= endMs && (samples.at(-1)?.timeMs ?? 0) >= startMs,
    );
  }

  /** Samples appended and newest time of a tenant. */
  counts(index: number): { readonly samplesAppended: number; readonly newestMs: number } {
    return this.#tenant(index);
  }
}

/** The sample of a time in open chunk or late samples. */
function heldAt(series: ModelSeries, timeMs: number): ModelSample | undefined {
  return [...series.late, ...series.open].find((sample) => sample.timeMs === timeMs);
}

function isHeld(series: ModelSeries, timeMs: number): boolean {
  return heldAt(series, timeMs) !== undefined || series.last?.timeMs === timeMs;
}

/** The part of a payload that is being resolved. */
class ModelPart {
  readonly rows: ModelRow[] = [];
  readonly definitions: ModelSeries[] = [];
  readonly refusals = new Map<RefusalKind, number>();
  duplicates = 0;
  histogramsDuplicate = 0;
  newestMs: number;
  readonly #kernel: ModelKernel;
  readonly #tenant: ModelTenant;
  readonly #index: number;
  readonly #timeMsMax: number;
  #format: 1 | 2;

  constructor(
    kernel: ModelKernel,
    tenant: ModelTenant,
    batch: { tenant: number; format: 1 | 2; timeMsMax: number; newestMs: number },
  ) {
    this.#kernel = kernel;
    this.#tenant = tenant;
    this.#index = batch.tenant;
    this.#format = batch.format;
    this.#timeMsMax = batch.timeMsMax;
    this.newestMs = Math.max(batch.newestMs, tenant.newestMs);
  }

  #refuse(kind: RefusalKind, samples: number): void {
    this.refusals.set(kind, (this.refusals.get(kind) ?? 0) + samples);
  }

  /** Takes a message but its first `skip` samples; a number: the part ends before that sample. */
  take(message: ModelMessage, skip: number): number | undefined {
    if (message.samples.length === 0) return undefined;
    const labels = message.labels
      .filter(([, value]) => value.length > 0)
      .sort(([a], [b]) => Buffer.compare(a, b));
    const texts = labels.map(([name, value]) => [latin(name), latin(value)] as const);
    let series = this.#tenant.series.get(labelsKey(texts));
    if (series === undefined) {
      const tooMany = this.#format === 2 && message.labels.length > labelsMax + 1;
      const refusal = tooMany
        ? "max-label-names-per-series"
        : refusalOfLabels(labels, this.#tenant.rules);
      if (refusal !== undefined) {
        if (skip === 0) this.#refuse(refusal, message.samples.length);
        return undefined;
      }
    }
    let noSeries = false;
    for (const [number, sample] of message.samples.entries()) {
      if (number < skip) continue;
      const bad = this.#refusalOf(sample);
      if (bad !== undefined) {
        this.#refuse(bad, 1);
        continue;
      }
      if (series === undefined) {
        const refusal = this.#judgeNew(sample);
        if (refusal !== undefined) {
          this.#refuse(refusal, 1);
          continue;
        }
        const { seriesMax } = this.#tenant.rules;
        noSeries ||= seriesMax !== 0 && this.#tenant.series.size >= seriesMax;
        if (noSeries) {
          this.#refuse("max-series-per-user", 1);
          continue;
        }
        series = this.#kernel.create(this.#index, texts);
      }
      if (!this.#sample(series, sample)) return number;
    }
    return undefined;
  }

  /** What is wrong with a sample in itself. */
  #refusalOf({ histogram, message }: ModelSample): RefusalKind | undefined {
    if (histogram === undefined) return undefined;
    const { nativeHistogramsEnabled, nativeHistogramBucketsMax } = this.#tenant.rules;
    if (!nativeHistogramsEnabled) return "native-histograms-disabled";
    const limits = { bucketsMax: nativeHistogramBucketsMax, sizeBytes: message?.length ?? 0 };
    return refusalOfHistogram(histogram, limits);
  }

  /** Judges a sample and counts or keeps it; false when the part must end before it. */
  #sample(series: ModelSeries, sent: ModelSample): boolean {
    const stores = this.#tenant.rules.startTimestampsStored;
    const { startMs: _, ...plain } = sent;
    const sample = stores ? sent : plain;
    const verdict = this.#judge(series, sample);
    if (verdict === "part-full") return false;
    if (verdict === "duplicate") {
      this.duplicates++;
      if (sample.histogram !== undefined) this.histogramsDuplicate++;
    } else if (verdict === "take" || verdict === "take-late") {
      if (!series.isDefined && !this.definitions.includes(series)) this.definitions.push(series);
      this.rows.push({ series, sample, late: verdict === "take-late" });
      this.newestMs = Math.max(this.newestMs, sample.timeMs);
    } else this.#refuse(verdict, 1);
    return true;
  }

  #judgeNew(sample: ModelSample): RefusalKind | undefined {
    if (sample.timeMs > this.#timeMsMax) return "too-far-in-future";
    const { outOfOrderWindowMs } = this.#tenant.rules;
    const lagMs = outOfOrderWindowMs > 0 ? outOfOrderWindowMs : newSeriesLagMs;
    const isOld = sample.timeMs < -timeBound || sample.timeMs < this.newestMs - lagMs;
    return isOld ? "sample-timestamp-too-old" : undefined;
  }

  #judge(series: ModelSeries, sample: ModelSample): Verdict {
    if (this.rows.length >= rowsMax) return "part-full";
    const pending = this.rows.filter((row) => row.series === series).reverse();
    if (pending.length === 0 && series.last === undefined) return this.#judgeNew(sample) ?? "take";
    if (sample.timeMs > this.#timeMsMax) return "too-far-in-future";
    const ordered = pending.findIndex((row) => !row.late);
    if (ordered >= pendingWalkMax || (ordered < 0 && pending.length > pendingWalkMax)) {
      return "part-full";
    }
    const last = pending[ordered]?.sample ?? series.last;
    if (last === undefined || sample.timeMs > last.timeMs) return "take";
    if (sample.timeMs === last.timeMs) return verdictOfHeld(last, sample);
    const refusal = this.#refusalOfLate(sample);
    if (refusal !== undefined) return refusal;
    const same = pending.findIndex((row) => row.sample.timeMs === sample.timeMs);
    if (pending.length > pendingWalkMax && (same < 0 || same >= pendingWalkMax)) return "part-full";
    const held =
      pending[same]?.sample ??
      (series.last?.timeMs === sample.timeMs ? series.last : heldAt(series, sample.timeMs));
    return held === undefined ? "take-late" : verdictOfHeld(held, sample);
  }

  #refusalOfLate(sample: ModelSample): RefusalKind | undefined {
    const { outOfOrderWindowMs } = this.#tenant.rules;
    if (outOfOrderWindowMs === 0) return "sample-out-of-order";
    const isOld = sample.timeMs < this.newestMs - outOfOrderWindowMs || sample.timeMs < -timeBound;
    return isOld ? "sample-timestamp-too-old" : undefined;
  }
}

function verdictOfHeld(held: ModelSample, sample: ModelSample): Verdict {
  return isSame(held, sample) ? "duplicate" : "sample-duplicate-timestamp";
}

function isSame(held: ModelSample, sample: ModelSample): boolean {
  if (sample.histogram !== undefined) {
    return held.histogram !== undefined && sameHistograms(held.histogram, sample.histogram);
  }
  if (held.histogram === undefined) return held.bits === sample.bits;
  return sample.bits === staleBits && isStaleHistogram(held.histogram);
}

/** Bytes as a string of one character per byte: the twin's keys never depend on UTF-8. */
function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
