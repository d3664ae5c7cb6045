import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { compress, uncompress } from "snappyjs";
import { RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import type {
  FrontKernel,
  PayloadCounts,
  PayloadFormat,
  Region,
} from "../../server/kernel/face.ts";

/** A front kernel in plain TypeScript, for tests of what stands around it. */
export interface StandInKernel extends FrontKernel {
  /** Regions that are lent now: zero when nothing leaks. */
  readonly lent: number;
}

/** A kernel with `sizeBytes` of memory; regions are never reused, so stale reads show. */
export function createStandInKernel(sizeBytes: number = 64 * 2 ** 20): StandInKernel {
  const memory = { buffer: new SharedArrayBuffer(sizeBytes) };
  const lent = new Set<Region>();
  let next = 8;
  const allocate = (size: number): Region | undefined => {
    if (next + size > sizeBytes) return undefined;
    const region = { pointer: next, bytes: new Uint8Array(memory.buffer, next, size) };
    next += size + 8;
    lent.add(region);
    return region;
  };
  return {
    memory,
    get lent() {
      return lent.size;
    },
    allocate,
    release(region) {
      if (!lent.delete(region)) throw new Error("a region was released twice");
      region.bytes.fill(0xee);
    },
    uncompressedSize: preamble,
    uncompress(source, sourceSizeBytes, target) {
      try {
        const decoded = uncompress(Uint8Array.from(source.bytes.subarray(0, sourceSizeBytes)));
        if (decoded.length !== target.bytes.length) return false;
        target.bytes.set(decoded);
        return true;
      } catch {
        return false;
      }
    },
    scan(format, payload) {
      try {
        return countsOf(format, Uint8Array.from(payload.bytes));
      } catch {
        return { fault: "malformed", offsetBytes: 0 };
      }
    },
    split: (format, payload, _tenant, shards) => split({ format, payload, shards }, allocate),
  };
}

/** A snappy block of some bytes. */
export function snappy(bytes: Uint8Array): Uint8Array {
  return compress(bytes);
}

function preamble(compressed: Uint8Array): number | undefined {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = compressed[i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return value < 2 ** 32 ? value : undefined;
  }
  return undefined;
}

function countsOf(format: PayloadFormat, bytes: Uint8Array): PayloadCounts {
  const sum = <T>(items: readonly T[], of: (item: T) => number) =>
    items.reduce((total, item) => total + of(item), 0);
  if (format === 1) {
    const { timeseries, metadata } = fromBinary(WriteRequestSchema, bytes);
    return {
      series: timeseries.length,
      samples: sum(timeseries, (series) => series.samples.length),
      histograms: sum(timeseries, (series) => series.histograms.length),
      exemplars: sum(timeseries, (series) => series.exemplars.length),
      metadata: metadata.length,
    };
  }
  const { timeseries, symbols } = fromBinary(RequestSchema, bytes);
  const bad = timeseries.some((series) => series.labelsRefs.some((ref) => ref >= symbols.length));
  if (bad) throw new Error("symbol out of range");
  return {
    series: timeseries.length,
    samples: sum(timeseries, (series) => series.samples.length),
    histograms: sum(timeseries, (series) => series.histograms.length),
    exemplars: sum(timeseries, (series) => series.exemplars.length),
    metadata: sum(timeseries, (series) => (series.metadata === undefined ? 0 : 1)),
  };
}

/** Series in turn to the shards: enough to see that parts come back together. */
function split(
  of: { format: PayloadFormat; payload: Region; shards: number },
  allocate: (size: number) => Region | undefined,
): (Region | undefined)[] | undefined {
  const bytes = Uint8Array.from(of.payload.bytes);
  const parts: (Region | undefined)[] = [];
  for (let shard = 0; shard < of.shards; shard++) {
    const mine = (_: unknown, i: number) => i % of.shards === shard;
    const encoded = of.format === 1 ? part1(bytes, mine) : part2(bytes, mine);
    if (encoded === undefined) {
      parts.push(undefined);
      continue;
    }
    const region = allocate(encoded.length);
    if (region === undefined) return undefined;
    region.bytes.set(encoded);
    parts.push(region);
  }
  return parts;
}

type Mine = (series: unknown, index: number) => boolean;

function part1(bytes: Uint8Array, mine: Mine): Uint8Array | undefined {
  const request = fromBinary(WriteRequestSchema, bytes);
  request.timeseries = request.timeseries.filter(mine);
  return request.timeseries.length === 0 ? undefined : toBinary(WriteRequestSchema, request);
}

function part2(bytes: Uint8Array, mine: Mine): Uint8Array | undefined {
  const request = fromBinary(RequestSchema, bytes);
  request.timeseries = request.timeseries.filter(mine);
  return request.timeseries.length === 0 ? undefined : toBinary(RequestSchema, request);
}
