import { isPresent, type QueryResult, type ResultBatch } from "../promql/index.ts";
import type { AnswerOptions, AnswerPart } from "./answer-options.ts";
import { type AnswerWriter, createAnswerWriter } from "./json/index.ts";
import { createSeriesLimiter, type SeriesLimiter } from "./series-limiter.ts";

/**
 * Bytes of an answer that are kept until more follow or the query has ended: what fails before
 * that fails as an error with a status, not as a connection that breaks off.
 */
const heldSizeBytes = 1024 * 1024;

/** The answer as bytes of Prometheus's HTTP API, in pieces, then the trailer. */
export async function* jsonAnswer(options: AnswerOptions): AsyncGenerator<AnswerPart> {
  const { result } = options;
  const { startMs, stepMs, count } = result.grid;
  const writer = createAnswerWriter(
    result.type === "matrix" ? { startMs, stepMs, steps: count } : undefined,
  );
  const limiter = createSeriesLimiter(options.limit);
  const held = createHold();
  writer.begin(result.type);
  if (result.text !== undefined) writer.text(startMs, result.text);
  for await (const batch of result.batches()) {
    writeBatch({ writer, result, limiter }, batch);
    yield* held.pass(writer.takePieces());
  }
  const end = options.end(limiter.warnings());
  writer.end(end);
  yield* held.pass(writer.takeRest());
  yield* held.rest();
  yield { part: { case: "trailer", value: end.trailer } };
}

interface Writing {
  readonly writer: AnswerWriter;
  readonly result: QueryResult;
  readonly limiter: SeriesLimiter;
}

function writeBatch({ writer, result, limiter }: Writing, batch: ResultBatch): void {
  const { type, grid } = result;
  if (batch.kind === "samples") {
    for (const one of batch.series) if (limiter.take()) writer.series(one.labels, one);
    return;
  }
  for (const one of batch.series) {
    if (type === "scalar") writer.scalar(grid.startMs, one.values[0] as number);
    else if (type === "matrix") {
      if (limiter.take()) writer.steps(one.labels, one);
    } else if (isPresent(one.present, 0) && limiter.take()) {
      writer.sample(one.labels, grid.startMs, one.histograms?.[0] ?? (one.values[0] as number));
    }
  }
}

/** Keeps pieces until there are enough of them to begin. */
interface Hold {
  pass(pieces: readonly Uint8Array[]): Iterable<AnswerPart>;
  rest(): Iterable<AnswerPart>;
}

function createHold(): Hold {
  let held: Uint8Array[] | undefined = [];
  let sizeBytes = 0;
  const release = function* (): Generator<AnswerPart> {
    const pieces = held ?? [];
    held = undefined;
    yield* pieces.map(partOf);
  };
  return {
    *pass(pieces) {
      for (const piece of pieces) {
        if (held === undefined) yield partOf(piece);
        else {
          held.push(piece);
          sizeBytes += piece.length;
          if (sizeBytes >= heldSizeBytes) yield* release();
        }
      }
    },
    rest: release,
  };
}

function partOf(piece: Uint8Array): AnswerPart {
  return { part: { case: "prometheusJson", value: piece } };
}
