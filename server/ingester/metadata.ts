import type { PayloadFormat } from "../kernel/index.ts";
import { compareUtf8 } from "../model/index.ts";
import type { Clock } from "../platform/base/index.ts";
import {
  eachField,
  packedVarints,
  symbolAt,
  symbolPlaces,
  textAt,
  varintField,
} from "./payload-walk.ts";

/** What is known of a metric family. */
export interface FamilyMetadata {
  readonly metric: string;
  /** Lower-case OpenMetrics type. */
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

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

/**
 * Metric metadata of all tenants of one shard, in memory: writers send it again and again, so a
 * restart loses it for a minute only. Remote write 2.0 sends it with every series; under load
 * only as many payloads are read for it as a small share of the thread allows.
 */
export class MetadataStore {
  readonly #clock: Clock;
  readonly #tenants = new Map<string, Map<string, FamilyMetadata[]>>();
  #spentMs = 0;
  readonly #startMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.monotonicMs();
  }

  /** Takes the metadata of a payload that was stored, when there is time for it. */
  take(tenant: string, format: PayloadFormat, payload: Uint8Array): void {
    const nowMs = this.#clock.monotonicMs();
    const allowedMs = timeBurstMs + (nowMs - this.#startMs) * timeShareMax;
    const isAlone = format === 1 && payload[0] === 0x1a;
    if (!isAlone && this.#spentMs > allowedMs) return;
    const add = (family: FamilyMetadata): void => this.#add(tenant, family);
    if (format === 1) readMetadata1(payload, add);
    else readMetadata2(payload, add);
    this.#spentMs += this.#clock.monotonicMs() - nowMs;
  }

  /** Metadata of one family, or of all when `metric` is empty; sorted, at most `limit` families. */
  find(query: { tenant: string; metric: string; limit: number }): readonly FamilyMetadata[] {
    const families = this.#tenants.get(query.tenant);
    if (families === undefined) return [];
    if (query.metric !== "") return families.get(query.metric) ?? [];
    const names = [...families.keys()].sort(compareUtf8);
    const wanted = query.limit < 0 ? names : names.slice(0, query.limit);
    return wanted.flatMap((name) => families.get(name) ?? []);
  }

  #add(tenant: string, family: FamilyMetadata): void {
    let families = this.#tenants.get(tenant);
    if (families === undefined) {
      families = new Map();
      this.#tenants.set(tenant, families);
    }
    const texts = families.get(family.metric);
    if (texts === undefined) {
      if (families.size < familiesMax) families.set(family.metric, [family]);
      return;
    }
    const isKnown = texts.some(
      ({ type, help, unit }) =>
        type === family.type && help === family.help && unit === family.unit,
    );
    if (!isKnown && texts.length < textsPerFamilyMax) texts.push(family);
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
      metric: familyName(symbolAt(payload, places, metricRef), typeText(type)),
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
