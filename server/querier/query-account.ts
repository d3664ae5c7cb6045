import type { TenantLimits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import { UrdError } from "../platform/base/index.ts";
import type { ReadAccount } from "../storage/index.ts";

/** What one query has read; grows while it runs. */
export interface QueryAccount extends ReadAccount {
  readonly series: number;
  readonly chunks: number;
  readonly chunkSizeBytes: number;
  readonly samples: number;
}

/** What a query may read; 0 means no limit. */
export type ReadLimits = Pick<
  TenantLimits,
  "seriesPerQueryMax" | "chunksPerQueryMax" | "chunkBytesPerQueryMax"
>;

/** An account that refuses more than the limits allow, as soon as they are passed. */
export function createQueryAccount(limits: ReadLimits): QueryAccount {
  const counts = { series: 0, chunks: 0, chunkSizeBytes: 0, samples: 0 };
  return {
    get series() {
      return counts.series;
    },
    get chunks() {
      return counts.chunks;
    },
    get chunkSizeBytes() {
      return counts.chunkSizeBytes;
    },
    get samples() {
      return counts.samples;
    },
    addRead(read) {
      counts.series += read.series;
      counts.chunks += read.chunks;
      counts.chunkSizeBytes += read.chunkSizeBytes;
      counts.samples += read.samples;
      refuseAbove(counts.series, limits.seriesPerQueryMax, "max-series-per-query");
      refuseAbove(counts.chunks, limits.chunksPerQueryMax, "max-chunks-per-query");
      refuseAbove(
        counts.chunkSizeBytes,
        limits.chunkBytesPerQueryMax,
        "max-chunks-bytes-per-query",
      );
    },
  };
}

const readTexts = {
  "max-series-per-query": "series",
  "max-chunks-per-query": "chunks",
  "max-chunks-bytes-per-query": "bytes of chunks",
} as const;

function refuseAbove(count: number, limit: number, id: keyof typeof readTexts): void {
  if (limit === 0 || count <= limit) return;
  const text =
    `The query reads more than ${limit} ${readTexts[id]}, the limit of its tenant. ` +
    "A shorter time range or more matchers help.";
  throw urdError(id, text, { limit });
}

/** Bytes of a sample that the engine holds: its time and its value. */
const heldSampleSizeBytes = 16;

/** How many samples a query may hold, by number and by memory; 0 means no limit. */
export interface SampleLimits {
  readonly samplesMax: number;
  readonly memorySizeBytesMax: number;
}

/** The one number that the engine is to keep to. */
export function samplesMaxOf(limits: SampleLimits): number {
  const byMemory = Math.max(1, Math.floor(limits.memorySizeBytesMax / heldSampleSizeBytes));
  if (limits.memorySizeBytesMax === 0) return limits.samplesMax;
  return limits.samplesMax === 0 ? byMemory : Math.min(limits.samplesMax, byMemory);
}

/** Names the limit that was really passed: the engine knows one number only. */
export function namedLimit(error: unknown, limits: SampleLimits): unknown {
  if (!(error instanceof UrdError) || error.id !== "err-urd-max-samples-per-query") return error;
  if (limits.samplesMax !== 0 && error.limit === limits.samplesMax) return error;
  const limit = limits.memorySizeBytesMax;
  const text = `The query needs more than ${limit} bytes of memory, the limit of its tenant.`;
  return urdError("max-estimated-memory-consumption-per-query", text, { limit, cause: error });
}
