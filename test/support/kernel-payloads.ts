import { create, toBinary } from "@bufbuild/protobuf";
import { RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import type { PayloadFormat } from "../../server/kernel/index.ts";

/** A series as tests write it: labels in any order, samples as (time, value). */
export interface TestSeries {
  readonly labels: readonly (readonly [string, string])[];
  readonly samples: readonly (readonly [number, number])[];
  readonly histograms?: number;
}

/** Encodes series as an uncompressed payload of either remote write format. */
export function encodePayload(format: PayloadFormat, series: readonly TestSeries[]): Uint8Array {
  return format === 1 ? encodeWrite1(series) : encodeWrite2(series);
}

function encodeWrite1(series: readonly TestSeries[]): Uint8Array {
  return toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      timeseries: series.map((one) => ({
        labels: one.labels.map(([name, value]) => ({ name, value })),
        samples: one.samples.map(([timeMs, value]) => ({ timestamp: BigInt(timeMs), value })),
        histograms: Array.from({ length: one.histograms ?? 0 }, () => ({ sum: 1 })),
      })),
    }),
  );
}

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
    samples: one.samples.map(([timeMs, value]) => ({ timestamp: BigInt(timeMs), value })),
    histograms: Array.from({ length: one.histograms ?? 0 }, () => ({ sum: 1 })),
  }));
  const request = create(RequestSchema, { symbols: [...symbols.keys()], timeseries });
  return toBinary(RequestSchema, request);
}
