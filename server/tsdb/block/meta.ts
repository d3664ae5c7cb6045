import { CorruptionError } from "../../platform/base/index.ts";
import { readWhole, type Vfs } from "../../platform/vfs/index.ts";

/** What meta.json says of a block; field names are Prometheus's. */
export interface BlockMeta {
  readonly ulid: string;
  /** First millisecond of the block's range. */
  readonly minTimeMs: number;
  /** First millisecond after the block's range. */
  readonly maxTimeMs: number;
  readonly series: number;
  readonly samples: number;
  readonly chunks: number;
  readonly compactionLevel: number;
  readonly sources: readonly string[];
  /** True for blocks of samples that came out of order. */
  readonly outOfOrder: boolean;
}

const outOfOrderHint = "from-out-of-order";

/** Writes the text of meta.json, version 1. Format: Prometheus's tsdb/docs/format/README.md. */
export function formatBlockMeta(meta: BlockMeta): string {
  const json = {
    ulid: meta.ulid,
    minTime: meta.minTimeMs,
    maxTime: meta.maxTimeMs,
    stats: { numSamples: meta.samples, numSeries: meta.series, numChunks: meta.chunks },
    compaction: {
      level: meta.compactionLevel,
      sources: meta.sources,
      ...(meta.outOfOrder ? { hints: [outOfOrderHint] } : {}),
    },
    version: 1,
  };
  return `${JSON.stringify(json, null, "\t")}\n`;
}

interface MetaJson {
  readonly ulid?: unknown;
  readonly minTime?: unknown;
  readonly maxTime?: unknown;
  readonly stats?: { numSamples?: number; numSeries?: number; numChunks?: number };
  readonly compaction?: { level?: number; sources?: string[]; hints?: string[] };
  readonly version?: unknown;
}

/** Reads a block's meta.json; undefined when the block has none, which means it is not whole. */
export function readBlockMeta(vfs: Vfs, directory: string): BlockMeta | undefined {
  const path = `${directory}/meta.json`;
  const bytes = readWhole(vfs, path);
  if (bytes === undefined) return undefined;
  const json = parse(bytes, path);
  const { ulid, minTime, maxTime } = json;
  if (json.version !== 1) throw broken(path, "its version is not 1");
  if (typeof ulid !== "string") throw broken(path, "it has no ulid");
  if (!isTime(minTime) || !isTime(maxTime)) throw broken(path, "its times are not whole numbers");
  return {
    ulid,
    minTimeMs: minTime,
    maxTimeMs: maxTime,
    series: json.stats?.numSeries ?? 0,
    samples: json.stats?.numSamples ?? 0,
    chunks: json.stats?.numChunks ?? 0,
    compactionLevel: json.compaction?.level ?? 1,
    sources: json.compaction?.sources ?? [],
    outOfOrder: json.compaction?.hints?.includes(outOfOrderHint) ?? false,
  };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value);
}

function parse(bytes: Uint8Array, path: string): MetaJson {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof json === "object" && json !== null) return json;
  } catch {
    // The same sentence serves for text that is no JSON and for JSON that is no object.
  }
  throw broken(path, "it is not a JSON object");
}

function broken(path: string, reason: string): CorruptionError {
  return new CorruptionError({ file: path, offsetBytes: 0 }, `a block's meta.json: ${reason}`);
}
