/**
 * Writes io.prometheus.write.v2.Request by hand: values go straight into bytes, 0 and -0
 * included (which general encoders leave out, losing the sign), and the stale marker keeps
 * its bits.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { Metadata_MetricType } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import {
  type FamilyMetadata,
  type MetricType,
  type Sample,
  staleMarker,
  type WriteSeries,
} from "./series.ts";

/** The NaN by which Prometheus marks the end of a series. */
const staleBits = 0x7ff0_0000_0000_0002n;

/** Field numbers of the messages, as in gen/io/prometheus/write/v2. */
const field = {
  request: { symbols: 4, timeseries: 5 },
  series: { labelsRefs: 1, samples: 2, metadata: 5 },
  sample: { value: 1, timestamp: 2 },
  metadata: { type: 1, helpRef: 3, unitRef: 4 },
} as const;

/** The bytes of a request with these series; labels are sorted on the way. */
export function encodeRequest(batch: readonly WriteSeries[]): Uint8Array {
  const symbols = new Map<string, number>([["", 0]]);
  const body = new BinaryWriter();
  for (const series of batch) {
    body.tag(field.request.timeseries, WireType.LengthDelimited).fork();
    writeSeries(body, series, symbols);
    body.join();
  }
  const head = new BinaryWriter();
  for (const symbol of symbols.keys()) {
    head.tag(field.request.symbols, WireType.LengthDelimited).string(symbol);
  }
  return head.raw(body.finish()).finish();
}

function refOf(symbols: Map<string, number>, text: string): number {
  let ref = symbols.get(text);
  if (ref === undefined) {
    ref = symbols.size;
    symbols.set(text, ref);
  }
  return ref;
}

function writeSeries(out: BinaryWriter, series: WriteSeries, symbols: Map<string, number>): void {
  out.tag(field.series.labelsRefs, WireType.LengthDelimited).fork();
  for (const name of Object.keys(series.labels).sort()) {
    out.uint32(refOf(symbols, name)).uint32(refOf(symbols, series.labels[name] ?? ""));
  }
  out.join();
  for (const sample of series.samples) writeSample(out, sample);
  if (series.metadata !== undefined) writeMetadata(out, series.metadata, symbols);
}

function writeSample(out: BinaryWriter, { timeMs, value }: Sample): void {
  out.tag(field.series.samples, WireType.LengthDelimited).fork();
  out.tag(field.sample.value, WireType.Bit64);
  if (value === staleMarker) out.fixed64(staleBits);
  else out.double(value);
  out.tag(field.sample.timestamp, WireType.Varint).int64(timeMs);
  out.join();
}

function writeMetadata(
  out: BinaryWriter,
  metadata: FamilyMetadata,
  symbols: Map<string, number>,
): void {
  const { type, help = "", unit = "" } = metadata;
  out.tag(field.series.metadata, WireType.LengthDelimited).fork();
  const number = type === undefined ? 0 : typeNumbers[type];
  out.tag(field.metadata.type, WireType.Varint).int32(number);
  out.tag(field.metadata.helpRef, WireType.Varint).uint32(refOf(symbols, help));
  out.tag(field.metadata.unitRef, WireType.Varint).uint32(refOf(symbols, unit));
  out.join();
}

const typeNumbers: Readonly<Record<MetricType, Metadata_MetricType>> = {
  counter: Metadata_MetricType.COUNTER,
  gauge: Metadata_MetricType.GAUGE,
  histogram: Metadata_MetricType.HISTOGRAM,
  gaugehistogram: Metadata_MetricType.GAUGEHISTOGRAM,
  summary: Metadata_MetricType.SUMMARY,
  info: Metadata_MetricType.INFO,
  stateset: Metadata_MetricType.STATESET,
};
