import { create } from "@bufbuild/protobuf";
import {
  type ExemplarsRequest,
  type ExemplarsResponse,
  ExemplarsResponseSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { PayloadFormat } from "../kernel/index.ts";
import { type Limits, shardsOfTenant, type TenantLimits } from "../limits/index.ts";
import { compileMatcher, type Labels, labelValue } from "../model/index.ts";
import type { Selection } from "../storage/index.ts";
import { selectionOf } from "../wire/index.ts";
import { ExemplarRing, type SeriesExemplars } from "./exemplar-ring.ts";
import { patternError } from "./query-stream.ts";
import { readExemplars } from "./read-exemplars.ts";

/**
 * The exemplars of all tenants of one shard, in memory: those of a tenant that came in last, as
 * many as `max_global_exemplars_per_user` allows, this shard's part of it. A restart begins with
 * none: scrapes bring new ones within minutes, and traces are seldom kept longer.
 */
export class ExemplarStore {
  readonly #limits: Limits;
  readonly #shards: number;
  readonly #rings = new Map<string, ExemplarRing>();

  constructor(limits: Limits, shards: number) {
    this.#limits = limits;
    this.#shards = shards;
  }

  /**
   * Takes the exemplars of a payload that the kernel took, whether or not their series has
   * samples. Returns how many are kept now, those counted that were there before.
   */
  take(tenant: string, format: PayloadFormat, payload: Uint8Array): number {
    const limits = this.#limits.limitsFor(tenant);
    const { exemplarsMax, seriesMax, outOfOrderWindowMs } = limits;
    if (exemplarsMax === 0) {
      this.#rings.delete(tenant);
      return 0;
    }
    const parts = shardsOfTenant(tenant, { seriesMax, shards: this.#shards }).length;
    const capacity = Math.ceil(exemplarsMax / parts);
    const ring = this.#rings.get(tenant) ?? new ExemplarRing(capacity);
    this.#rings.set(tenant, ring);
    ring.resize(capacity);
    let kept = 0;
    for (const { labels, exemplars } of readExemplars(format, payload)) {
      if (!isAllowed(labels, limits)) continue;
      for (const exemplar of exemplars) {
        const outcome = ring.add(labels, exemplar, outOfOrderWindowMs);
        if (outcome === "stored" || outcome === "duplicate") kept++;
      }
    }
    return kept;
  }

  /** How many exemplars are kept, of all tenants. */
  get size(): number {
    return this.#rings.values().reduce((sum, ring) => sum + ring.size, 0);
  }

  /** Exemplars of series that fulfil any selection, each series once, within its range. */
  *find(tenant: string, selections: readonly Selection[]): Generator<SeriesExemplars> {
    const ring = this.#rings.get(tenant);
    if (ring === undefined) return;
    const tests = selections.map(testOf);
    const startMs = Math.min(...selections.map((selection) => selection.startMs));
    const endMs = Math.max(...selections.map((selection) => selection.endMs));
    const matches = (labels: Labels): boolean => tests.some((test) => test(labels));
    yield* ring.find(matches, { startMs, endMs });
  }
}

/** A series that the head would refuse for its labels has no exemplars either. */
function isAllowed(labels: Labels, limits: TenantLimits): boolean {
  const { labelNamesMax, labelNameSizeBytesMax, labelValueSizeBytesMax } = limits;
  if (labelNamesMax > 0 && labels.length > 2 * labelNamesMax) return false;
  const fits = (text: string, i: number): boolean => {
    const sizeBytesMax = i % 2 === 0 ? labelNameSizeBytesMax : labelValueSizeBytesMax;
    return sizeBytesMax === 0 || Buffer.byteLength(text) <= sizeBytesMax;
  };
  return labels.every(fits);
}

function testOf({ matchers }: Selection): (labels: Labels) => boolean {
  const compiled = matchers.map((matcher) => ({ ...compileMatcher(matcher), name: matcher.name }));
  return (labels) => compiled.every(({ name, matches }) => matches(labelValue(labels, name)));
}

/** Exemplars in one message; half a megabyte at most. */
const exemplarsPerMessage = 1000;

/** Sends the exemplars of matching series. */
export async function* exemplars(
  store: ExemplarStore,
  { tenant, selectors }: ExemplarsRequest,
  { signal }: { readonly signal: AbortSignal | undefined },
): AsyncGenerator<ExemplarsResponse> {
  let series: SeriesExemplars[] = [];
  let count = 0;
  try {
    for (const found of store.find(tenant, selectors.map(selectionOf))) {
      series.push(found);
      count += found.exemplars.length;
      if (count < exemplarsPerMessage) continue;
      yield message(series);
      signal?.throwIfAborted();
      [series, count] = [[], 0];
    }
  } catch (error) {
    throw patternError(error);
  }
  if (series.length > 0) yield message(series);
}

function message(series: readonly SeriesExemplars[]): ExemplarsResponse {
  return create(ExemplarsResponseSchema, {
    series: series.map(({ labels, exemplars: found }) => ({
      labels: [...labels],
      exemplars: found.map((exemplar) => ({
        labels: [...exemplar.labels],
        value: exemplar.value,
        timeMs: BigInt(exemplar.timeMs),
      })),
    })),
  });
}
