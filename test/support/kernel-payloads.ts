import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type HistogramSchema as RequestHistogramSchema,
  RequestSchema,
} from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { type HistogramSchema, WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import type { PayloadFormat } from "../../server/kernel/index.ts";

/** A native histogram as tests write it; 2.0 has a start besides. */
export type TestHistogram = Omit<MessageInitShape<typeof HistogramSchema>, "$typeName"> & {
  readonly startTimestamp?: bigint;
};

/** A series as tests write it: labels in any order, samples as (time, value). */
export interface TestSeries {
  readonly labels: readonly (readonly [string, string])[];
  /** (time, value, start); 1.0 has no starts. */
  readonly samples: readonly (readonly [number, number, number?])[];
  readonly histograms?: readonly TestHistogram[];
}

/** Stands for the value of a staleness marker, whose bits a JavaScript number may lose. */
export const staleStandIn = 4.94e-321;

/** Encodes series as an uncompressed payload of either remote write format. */
export function encodePayload(format: PayloadFormat, series: readonly TestSeries[]): Uint8Array {
  const payload = format === 1 ? encodeWrite1(series) : encodeWrite2(series);
  return markStale(payload);
}

/** Puts the bits of staleness markers where a payload has stand-ins; returns it. */
export function markStale(payload: Uint8Array): Uint8Array {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const standIn = Buffer.alloc(8);
  standIn.writeDoubleLE(staleStandIn);
  for (let at = bytes.indexOf(standIn); at >= 0; at = bytes.indexOf(standIn, at)) {
    bytes.writeBigUInt64LE(0x7ff0000000000002n, at);
  }
  return payload;
}

function encodeWrite1(series: readonly TestSeries[]): Uint8Array {
  return toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      timeseries: series.map((one) => ({
        labels: one.labels.map(([name, value]) => ({ name, value })),
        samples: one.samples.map(([timeMs, value]) => ({ timestamp: BigInt(timeMs), value })),
        histograms: [...(one.histograms ?? [])],
      })),
    }),
  );
}

type RequestHistogram = MessageInitShape<typeof RequestHistogramSchema>;

function encodeWrite2(series: readonly TestSeries[]): Uint8Array {
  const symbols = new Map<string, number>([["", 0]]);
  const refOf = (text: string): number => {
    const known = symbols.get(text);
    if (known !== undefined) return known;
    symbols.set(text, symbols.size);
    return symbols.size - 1;
  };
  const timeseries = series.map((one) => ({
    labelsRefs: one.labels.flatMap(([name, value]) => [refOf(name), refOf(value)]),
    samples: one.samples.map(([timeMs, value, startMs = 0]) => ({
      timestamp: BigInt(timeMs),
      startTimestamp: BigInt(startMs),
      value,
    })),
    histograms: [...(one.histograms ?? [])] as RequestHistogram[],
  }));
  const request = create(RequestSchema, { symbols: [...symbols.keys()], timeseries });
  return toBinary(RequestSchema, request);
}
