import type { PayloadFormat } from "../kernel/index.ts";
import { compareUtf8 } from "../model/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { FamilyMetadata, MetadataFiles } from "./metadata-files.ts";
import {
  eachField,
  packedVarints,
  symbolAt,
  symbolPlaces,
  textAt,
  varintField,
} from "./payload-walk.ts";

/** Types by their number in both wire formats. */
const metricTypes = [
  "unknown",
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
];

const familiesMax = 10_000;
/** Different texts of one family, when instances of several versions are scraped. */
const textsPerFamilyMax = 10;
const textLengthMax = 1024;
/** Share of the thread that reading metadata may take, and what it may take at once. */
const timeShareMax = 0.02;
const timeBurstMs = 100;

/** What one tenant's metrics are known to be. */
interface TenantFamilies {
  /** By metric, the one seen longest ago first. */
  readonly families: Map<string, FamilyMetadata[]>;
  /** Lines of the tenant's file; infinite when it is known to lack some. */
  lines: number;
}

/** Lines beyond twice those needed before a file is written anew. */
const spareLinesMax = 1000;

/**
 * Metric metadata of all tenants of one shard. It is kept in files too: some writers send it
 * once a minute, some only when it changes. Of each tenant so many families are kept, those
 * seen longest ago go first. Remote write 2.0 sends metadata with every series; under load only
 * as many payloads are read for it as a small share of the thread allows.
 */
export class MetadataStore {
  readonly #clock: Clock;
  readonly #files: MetadataFiles | undefined;
  readonly #tenants = new Map<string, TenantFamilies>();
  #spentMs = 0;
  readonly #startMs: number;

  /** Without files nothing outlives the store. */
  constructor(clock: Clock, files?: MetadataFiles) {
    this.#clock = clock;
    this.#files = files;
    this.#startMs = clock.monotonicMs();
    for (const [tenant, families] of files?.load() ?? []) {
      for (const family of families) this.#add(tenant, family);
      this.#of(tenant).lines = families.length;
      this.#tidyUp(tenant);
    }
  }

  /** Takes the metadata of a payload that was stored, when there is time for it. */
  take(tenant: string, format: PayloadFormat, payload: Uint8Array): void {
    const nowMs = this.#clock.monotonicMs();
    const allowedMs = timeBurstMs + (nowMs - this.#startMs) * timeShareMax;
    const isAlone = format === 1 && payload[0] === 0x1a;
    if (!isAlone && this.#spentMs > allowedMs) return;
    const fresh: FamilyMetadata[] = [];
    const add = (family: FamilyMetadata): void => {
      if (this.#add(tenant, family)) fresh.push(family);
    };
    if (format === 1) readMetadata1(payload, add);
    else readMetadata2(payload, add);
    if (fresh.length > 0) this.#keep(tenant, fresh);
    this.#spentMs += this.#clock.monotonicMs() - nowMs;
  }

  /** Metadata of one family, or of all when `metric` is empty; sorted, at most `limit` families. */
  find(query: { tenant: string; metric: string; limit: number }): readonly FamilyMetadata[] {
    const families = this.#tenants.get(query.tenant)?.families;
    if (families === undefined) return [];
    if (query.metric !== "") return families.get(query.metric) ?? [];
    const names = [...families.keys()].sort(compareUtf8);
    const wanted = query.limit < 0 ? names : names.slice(0, query.limit);
    return wanted.flatMap((name) => families.get(name) ?? []);
  }

  /** True when the text was not known. */
  #add(tenant: string, family: FamilyMetadata): boolean {
    const { families } = this.#of(tenant);
    const texts = families.get(family.metric) ?? [];
    families.delete(family.metric);
    families.set(family.metric, texts);
    const isKnown = texts.some(
      ({ type, help, unit }) =>
        type === family.type && help === family.help && unit === family.unit,
    );
    if (isKnown || texts.length >= textsPerFamilyMax) return false;
    texts.push(family);
    for (const [oldest] of families) {
      if (families.size <= familiesMax) break;
      families.delete(oldest);
    }
    return true;
  }

  #of(tenant: string): TenantFamilies {
    const known = this.#tenants.get(tenant);
    if (known !== undefined) return known;
    const made = { families: new Map<string, FamilyMetadata[]>(), lines: 0 };
    this.#tenants.set(tenant, made);
    return made;
  }

  #keep(tenant: string, fresh: readonly FamilyMetadata[]): void {
    const known = this.#of(tenant);
    if (this.#files === undefined) return;
    const isWritten = Number.isFinite(known.lines) && this.#files.append(tenant, fresh);
    known.lines = isWritten ? known.lines + fresh.length : Number.POSITIVE_INFINITY;
    this.#tidyUp(tenant);
  }

  /** Writes a file anew that holds much more than it needs, or less. */
  #tidyUp(tenant: string): void {
    const known = this.#of(tenant);
    const { families, lines } = known;
    if (lines <= 2 * families.size + spareLinesMax) return;
    const all = [...families.values()].flat();
    if (lines <= 2 * all.length + spareLinesMax) return;
    if (this.#files?.replace(tenant, all) === true) known.lines = all.length;
  }
}

function readMetadata1(payload: Uint8Array, add: (family: FamilyMetadata) => void): void {
  eachField(payload, { from: 0, to: payload.length }, (field, from, to) => {
    if (field !== 3) return;
    const texts = ["", "", ""];
    eachField(payload, { from, to }, (part, textFrom, textTo) => {
      const place = [2, 4, 5].indexOf(part);
      if (place >= 0) texts[place] = textAt(payload, textFrom, textTo).slice(0, textLengthMax);
    });
    const [metric = "", help = "", unit = ""] = texts;
    if (metric === "") return;
    add({ metric, type: typeText(varintField(payload, { from, to }, 1)), help, unit });
  });
}

function readMetadata2(payload: Uint8Array, add: (family: FamilyMetadata) => void): void {
  const places = symbolPlaces(payload);
  const nameRef = refOfName(payload, places);
  /** Families of this payload that were read: name, type, help and unit by their symbols. */
  const seen = new Set<string>();
  eachField(payload, { from: 0, to: payload.length }, (field, from, to) => {
    if (field !== 5) return;
    let metricRef = 0;
    let metadata: { from: number; to: number } | undefined;
    eachField(payload, { from, to }, (part, partFrom, partTo) => {
      if (part === 1) metricRef = valueRefOf(packedVarints(payload, partFrom, partTo), nameRef);
      if (part === 5) metadata = { from: partFrom, to: partTo };
    });
    if (metadata === undefined || metricRef === 0) return;
    const type = varintField(payload, metadata, 1);
    const helpRef = varintField(payload, metadata, 3);
    const unitRef = varintField(payload, metadata, 4);
    const key = `${metricRef}.${type}.${helpRef}.${unitRef}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (type === 0 && helpRef === 0 && unitRef === 0) return;
    add({
      metric: familyName(symbolAt(payload, places, metricRef), typeText(type)).slice(
        0,
        textLengthMax,
      ),
      type: typeText(type),
      help: symbolAt(payload, places, helpRef).slice(0, textLengthMax),
      unit: symbolAt(payload, places, unitRef).slice(0, textLengthMax),
    });
  });
}

function typeText(type: number): string {
  return metricTypes[type] ?? "unknown";
}

/** Symbol of the label name `__name__`, or -1. */
function refOfName(payload: Uint8Array, places: readonly number[]): number {
  for (let ref = 0; 2 * ref < places.length; ref++) {
    const sizeBytes = (places[2 * ref + 1] ?? 0) - (places[2 * ref] ?? 0);
    if (sizeBytes === 8 && symbolAt(payload, places, ref) === "__name__") return ref;
  }
  return -1;
}

function valueRefOf(refs: readonly number[], nameRef: number): number {
  for (let i = 0; i + 1 < refs.length; i += 2) {
    if (refs[i] === nameRef) return refs[i + 1] ?? 0;
  }
  return 0;
}

const suffixesOfType: Readonly<Record<string, readonly string[]>> = {
  histogram: ["_bucket", "_count", "_sum"],
  gaugehistogram: ["_bucket", "_gcount", "_gsum"],
  summary: ["_count", "_sum"],
};

/** The family of a series' metric name: histograms and summaries have several names. */
function familyName(metric: string, type: string): string {
  const suffix = suffixesOfType[type]?.find((text) => metric.endsWith(text)) ?? "";
  return metric.slice(0, metric.length - suffix.length);
}
