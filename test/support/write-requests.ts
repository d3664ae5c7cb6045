import { create, toBinary } from "@bufbuild/protobuf";
import { RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";

/** One series of a test's write request. */
export interface TestSeries {
  /** Without the metric name, which is `metric`. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly metric?: string;
  /** Time in ms and value. */
  readonly samples?: readonly (readonly [number, number])[];
  readonly exemplars?: readonly (readonly [number, number])[];
}

function pairsOf(series: TestSeries): [string, string][] {
  return [["__name__", series.metric ?? "m"], ...Object.entries(series.labels ?? {})];
}

/** A remote write 1.0 message, not compressed. */
export function writeRequest1(
  series: readonly TestSeries[],
  metadata: readonly { readonly metricFamilyName: string; readonly help: string }[] = [],
): Uint8Array {
  return toBinary(
    WriteRequestSchema,
    create(WriteRequestSchema, {
      timeseries: series.map((one) => ({
        labels: pairsOf(one).map(([name, value]) => ({ name, value })),
        samples: (one.samples ?? []).map(([timeMs, value]) => ({
          timestamp: BigInt(timeMs),
          value,
        })),
        exemplars: (one.exemplars ?? []).map(([timeMs, value]) => ({
          timestamp: BigInt(timeMs),
          value,
        })),
      })),
      metadata: [...metadata],
    }),
  );
}

/** A remote write 2.0 message, not compressed. */
export function writeRequest2(series: readonly TestSeries[]): Uint8Array {
  const symbols = [""];
  const refOf = (text: string): number => {
    const known = symbols.indexOf(text);
    return known >= 0 ? known : symbols.push(text) - 1;
  };
  const timeseries = series.map((one) => ({
    labelsRefs: pairsOf(one).flat().map(refOf),
    samples: (one.samples ?? []).map(([timeMs, value]) => ({ timestamp: BigInt(timeMs), value })),
    exemplars: (one.exemplars ?? []).map(([timeMs, value]) => ({
      timestamp: BigInt(timeMs),
      value,
    })),
  }));
  return toBinary(RequestSchema, create(RequestSchema, { symbols, timeseries }));
}
