import type { ExemplarsResponse } from "../../gen/urd/query/v1/query_pb.ts";
import { answerJsonStream } from "./answer-stream.ts";
import { bytesOf } from "./json-pieces.ts";
import { optionalTimeParameter, type ReadCall } from "./read-api.ts";

/** Serves /api/v1/query_exemplars. Grafana's probe asks for a time thousands of years ahead. */
export async function serveExemplars(read: ReadCall): Promise<void> {
  const { parameters, query, call } = read;
  const startMs = optionalTimeParameter(parameters, "start");
  const endMs = optionalTimeParameter(parameters, "end");
  const answer = query.exemplars(
    {
      query: parameters.first("query"),
      ...(startMs === undefined ? {} : { startMs }),
      ...(endMs === undefined ? {} : { endMs }),
    },
    call,
  );
  await answerJsonStream(read.exchange, bytesOf(exemplarsJson(answer)));
}

/** Stream readers want the labels of a series before its exemplars. */
async function* exemplarsJson(answer: AsyncIterable<ExemplarsResponse>): AsyncGenerator<string> {
  yield '{"status":"success","data":[';
  let separator = "";
  for await (const { series } of answer) {
    for (const { labels, exemplars } of series) {
      const items = exemplars.map(
        (one) =>
          `{"labels":${labelsJson(one.labels)},"value":"${floatText(one.value)}",` +
          `"timestamp":${Number(one.timeMs) / 1000}}`,
      );
      yield `${separator}{"seriesLabels":${labelsJson(labels)},"exemplars":[${items.join(",")}]}`;
      separator = ",";
    }
  }
  yield "]}";
}

/** Not through an object: it would put names that look like numbers in front. */
function labelsJson(labels: readonly string[]): string {
  const pairs: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    pairs.push(`${JSON.stringify(labels[i])}:${JSON.stringify(labels[i + 1])}`);
  }
  return `{${pairs.join(",")}}`;
}

/** A value as Prometheus's API prints it. */
function floatText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  if (Object.is(value, -0)) return "-0";
  // 1e-7 is 1e-07 there.
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}
