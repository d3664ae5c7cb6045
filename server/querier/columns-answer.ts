import { ValueType } from "../../gen/urd/query/v1/query_pb.ts";
import type { FloatHistogram } from "../model/index.ts";
import {
  isPresent,
  type QueryResult,
  type ResultBatch,
  type StepSeries,
  stepTimeMs,
} from "../promql/index.ts";
import { type ColumnsFrameEncoder, createColumnsFrameEncoder } from "../wire/index.ts";
import type { AnswerOptions, AnswerPart } from "./answer-options.ts";
import { createSeriesLimiter } from "./series-limiter.ts";

/** A frame goes when it has this size; one series more may come on top. */
const frameSizeBytes = 128 * 1024;

const valueTypes: Readonly<Record<QueryResult["type"], ValueType>> = {
  scalar: ValueType.SCALAR,
  string: ValueType.STRING,
  vector: ValueType.VECTOR,
  matrix: ValueType.MATRIX,
};

/** The answer as header, frames of columns, and trailer. */
export async function* columnsAnswer(options: AnswerOptions): AsyncGenerator<AnswerPart> {
  const { result } = options;
  const header = { type: valueTypes[result.type], text: result.text ?? "" };
  yield { part: { case: "header", value: header } };
  const encoder = createColumnsFrameEncoder();
  const limiter = createSeriesLimiter(result.type === "scalar" ? 0 : options.limit);
  const columns = stepColumns(result);
  for await (const batch of result.batches()) {
    for (const one of seriesOf(batch, columns)) {
      if (limiter.take()) encoder.addSeries(one);
      if (encoder.sizeBytes() >= frameSizeBytes) yield frameOf(encoder);
    }
  }
  if (encoder.sizeBytes() > 0) yield frameOf(encoder);
  yield { part: { case: "trailer", value: options.end(limiter.warnings()).trailer } };
}

type Columns = Parameters<ColumnsFrameEncoder["addSeries"]>[0];

function* seriesOf(
  batch: ResultBatch,
  columnsOf: (series: StepSeries) => Columns,
): Generator<Columns> {
  if (batch.kind === "samples") yield* batch.series;
  else for (const one of batch.series) yield columnsOf(one);
}

/** Turns steps with gaps into columns without; the columns are used again for each series. */
function stepColumns(result: QueryResult): (series: StepSeries) => Columns {
  const { grid } = result;
  const timesMs = new Float64Array(grid.count);
  const values = new Float64Array(grid.count);
  return (series) => {
    const histograms: (FloatHistogram | undefined)[] = [];
    let to = 0;
    for (let step = 0; step < grid.count; step++) {
      if (!isPresent(series.present, step)) continue;
      timesMs[to] = stepTimeMs(grid, step);
      values[to] = series.values[step]!;
      if (series.histograms !== undefined) {
        histograms[to] = series.histograms[step];
        if (histograms[to] !== undefined) values[to] = 0;
      }
      to++;
    }
    const columns = { labels: series.labels, timesMs, values, from: 0, to };
    return series.histograms === undefined ? columns : { ...columns, histograms };
  };
}

function frameOf(encoder: ColumnsFrameEncoder): AnswerPart {
  return { part: { case: "frame", value: encoder.take() } };
}
