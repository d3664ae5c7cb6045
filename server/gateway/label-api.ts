import type {
  MetadataResponse,
  MetricMetadata,
  SeriesResponse,
} from "../../gen/urd/query/v1/query_pb.ts";
import { urdError } from "../model/index.ts";
import { defined } from "../platform/base/index.ts";
import { answerJsonStream } from "./answer-stream.ts";
import { bytesOf } from "./json-pieces.ts";
import { labelNameOf } from "./label-name.ts";
import type { Parameters } from "./parameters.ts";
import { namedParameter } from "./query-api.ts";
import { limitParameter, optionalRange, type ReadCall } from "./read-api.ts";

/** Items that are written in one go; an await for each one would cost more than its text. */
const itemsPerPiece = 1000;

/** Serves /api/v1/series. */
export async function serveSeries(read: ReadCall): Promise<void> {
  const { parameters, query, call } = read;
  const selectors = [...parameters.all("match[]")];
  if (selectors.length === 0) throw urdError("request-invalid", "no match[] parameter provided");
  const range = optionalRange(parameters);
  const answer = query.series({ selectors, ...range, limit: limitParameter(parameters) }, call);
  await answerJsonStream(read.exchange, bytesOf(seriesJson(answer)));
}

/** Serves /api/v1/labels. */
export async function serveLabelNames(read: ReadCall): Promise<void> {
  const { parameters, query, call } = read;
  const answer = await query.labelNames(
    {
      selectors: [...parameters.all("match[]")],
      ...optionalRange(parameters),
      limit: limitParameter(parameters),
    },
    call,
  );
  await answerJsonStream(read.exchange, bytesOf(listJson(answer.names, answer.warnings)));
}

/** Serves /api/v1/label/<segment>/values. */
export async function serveLabelValues(read: ReadCall, segment: string): Promise<void> {
  const { parameters, query, call } = read;
  const answer = await query.labelValues(
    {
      name: labelNameOf(segment),
      selectors: [...parameters.all("match[]")],
      ...optionalRange(parameters),
      limit: limitParameter(parameters),
    },
    call,
  );
  await answerJsonStream(read.exchange, bytesOf(listJson(answer.values, answer.warnings)));
}

/** Serves /api/v1/metadata. */
export async function serveMetadata(read: ReadCall): Promise<void> {
  const { parameters, query, call } = read;
  const answer = await query.metadata(
    {
      metric: parameters.first("metric"),
      limit: countParameter(parameters, "limit"),
      limitPerMetric: countParameter(parameters, "limit_per_metric"),
    },
    call,
  );
  await answerJsonStream(read.exchange, bytesOf(metadataJson(answer)));
}

/** A count whose errors are worded in Prometheus's other way; 0 or less is no limit. */
function countParameter(parameters: Parameters, name: string): bigint {
  const text = parameters.first(name);
  if (text === "") return 0n;
  if (!/^[+-]?\d{1,18}$/.test(text)) {
    throw urdError("request-invalid", `${name} must be a number`);
  }
  const count = BigInt(text.replace("+", ""));
  return count < 0n ? 0n : count;
}

async function* seriesJson(answer: AsyncIterable<SeriesResponse>): AsyncGenerator<string> {
  // Each distinct string is quoted once, however many series have it.
  const quoted: string[] = [];
  const warnings: string[] = [];
  let separator = "";
  yield '{"status":"success","data":[';
  try {
    for await (const message of answer) {
      for (const symbol of message.symbols) quoted.push(JSON.stringify(symbol));
      const items = message.series.map(({ labelRefs }) => `{${labelsJson(labelRefs, quoted)}}`);
      if (items.length > 0) yield separator + items.join(",");
      if (items.length > 0) separator = ",";
      warnings.push(...message.warnings);
    }
  } catch (error) {
    throw namedParameter(error, "match[]");
  }
  yield `]${warningsJson(warnings)}}`;
}

function labelsJson(labelRefs: readonly number[], quoted: readonly string[]): string {
  const symbol = (ref: number | undefined): string => defined(quoted[ref ?? -1], "a symbol");
  let text = "";
  for (let i = 0; i < labelRefs.length; i += 2) {
    text += `${i === 0 ? "" : ","}${symbol(labelRefs[i])}:${symbol(labelRefs[i + 1])}`;
  }
  return text;
}

function* listJson(items: readonly string[], warnings: readonly string[]): Generator<string> {
  yield '{"status":"success","data":[';
  for (let from = 0; from < items.length; from += itemsPerPiece) {
    const texts = items.slice(from, from + itemsPerPiece).map((item) => JSON.stringify(item));
    yield (from === 0 ? "" : ",") + texts.join(",");
  }
  yield `]${warningsJson(warnings)}}`;
}

function* metadataJson({ metadata }: MetadataResponse): Generator<string> {
  yield '{"status":"success","data":{';
  let last: MetricMetadata | undefined;
  for (const entry of metadata) {
    const { type, help, unit } = entry;
    const text = JSON.stringify({ type, help, unit });
    if (last?.metric === entry.metric) yield `,${text}`;
    else yield `${last === undefined ? "" : "],"}${JSON.stringify(entry.metric)}:[${text}`;
    last = entry;
  }
  yield last === undefined ? "}}" : "]}}";
}

function warningsJson(warnings: readonly string[]): string {
  return warnings.length === 0 ? "" : `,"warnings":${JSON.stringify(warnings)}`;
}
