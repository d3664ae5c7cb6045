import type {
  ColumnsFrame,
  QueryPart,
  QueryStats as WireStats,
  QueryTrailer as WireTrailer,
  SeriesColumns as WireColumns,
} from "../../gen/urd/query/v1/query_pb.ts";
import { ValueType } from "../../gen/urd/query/v1/query_pb.ts";
import { UrdClientError } from "./errors.ts";
import { histogramOf, type NativeHistogram } from "./histogram.ts";
import type { Labels } from "./series.ts";

/** Type of a query's result. */
export type ResultType = "scalar" | "string" | "vector" | "matrix";

/** One series of a result, as columns of equal length. */
export interface SeriesColumns {
  readonly labels: Labels;
  /** Milliseconds since the Unix epoch, ascending. */
  readonly timesMs: Float64Array;
  /** One value per time; NaN where a native histogram is the sample. */
  readonly values: Float64Array;
  /** By time a native histogram, which then is the sample; undefined in series of numbers. */
  readonly histograms: readonly (NativeHistogram | undefined)[] | undefined;
}

/** Some series of a result. */
export interface QueryFrame {
  readonly series: readonly SeriesColumns[];
}

/** What an answer stands on; incomplete ones come only where the server is told to allow them. */
export interface Completeness {
  readonly complete: boolean;
  /** Sources or ranges that are missing, for people. */
  readonly missing: readonly string[];
}

/** The work that a query took. */
export interface QueryStats {
  readonly samplesTotal: number;
  readonly samplesPeak: number;
  readonly seriesFetched: number;
  readonly chunksFetched: number;
  readonly chunksSizeBytes: number;
  readonly evaluationUs: number;
  /** Microseconds of the server's thread. */
  readonly threadUs: number;
  /** `samplesTotal` by step; empty unless asked for. */
  readonly samplesPerStep: readonly number[];
}

/** What is known of a result when all of it has come. */
export interface QueryTrailer {
  /** Texts that concern the correctness of the answer. */
  readonly warnings: readonly string[];
  /** Texts that hint at mistakes in the query. */
  readonly infos: readonly string[];
  readonly completeness: Completeness;
  /** Set when asked for. */
  readonly stats: QueryStats | undefined;
}

/** A whole result. */
export interface QueryResult extends QueryTrailer {
  readonly type: ResultType;
  /** A scalar is one series without labels; a string has none. */
  readonly series: readonly SeriesColumns[];
  /** The string of a string result. */
  readonly text: string;
}

/**
 * A result on its way. Reading it sends the query; it can be read once, and reading slowly
 * slows the server. Leaving the loop early, or aborting the signal, cancels the query.
 */
export interface QueryStream extends AsyncIterable<QueryFrame> {
  /** Reads everything into memory. */
  collect(): Promise<QueryResult>;
}

/** A call that was begun. */
export interface QueryCall {
  readonly answers: AsyncIterable<{ readonly part?: QueryPart | undefined }>;
  readonly errorOf: (thrown: unknown) => UrdClientError;
  /** Ends the call when its reader leaves early. */
  readonly leave: () => void;
}

/** Makes the stream of a call, which begins when the stream is read. */
export function queryStream(open: () => QueryCall): QueryStream {
  return {
    [Symbol.asyncIterator]: () => frames(open(), () => undefined),
    async collect() {
      const series: SeriesColumns[] = [];
      const found: Found = {};
      const read = frames(open(), (part) => Object.assign(found, part));
      for await (const frame of read) series.push(...frame.series);
      return { type: found.type ?? "matrix", text: found.text ?? "", series, ...trailerOf(found) };
    },
  };
}

interface Found {
  type?: ResultType;
  text?: string;
  trailer?: WireTrailer;
}

async function* frames(
  { answers, errorOf, leave }: QueryCall,
  onPart: (found: Found) => void,
): AsyncGenerator<QueryFrame> {
  const symbols: string[] = [];
  let ended = false;
  try {
    for await (const { part } of answers) {
      const found = part?.part;
      if (found?.case === "frame") yield frameOf(found.value, symbols);
      if (found?.case === "header") {
        onPart({ type: resultTypes[found.value.type] ?? "matrix", text: found.value.text });
      }
      if (found?.case === "trailer") {
        onPart({ trailer: found.value });
        ended = true;
      }
    }
  } catch (thrown) {
    throw errorOf(thrown);
  } finally {
    leave();
  }
  if (!ended) throw cutShort();
}

const resultTypes: Readonly<Record<ValueType, ResultType>> = {
  [ValueType.UNSPECIFIED]: "matrix",
  [ValueType.SCALAR]: "scalar",
  [ValueType.STRING]: "string",
  [ValueType.VECTOR]: "vector",
  [ValueType.MATRIX]: "matrix",
};

/** `symbols` is the stream's table, which the frame's new strings extend. */
function frameOf(frame: ColumnsFrame, symbols: string[]): QueryFrame {
  symbols.push(...frame.symbols);
  return {
    series: frame.series.map((columns) => ({
      labels: labelsOf(columns.labelRefs, symbols),
      timesMs: Float64Array.from(columns.timesMs),
      ...samplesOf(columns),
    })),
  };
}

function samplesOf(columns: WireColumns): Pick<SeriesColumns, "values" | "histograms"> {
  const values = Float64Array.from(columns.values);
  if (columns.histograms.length === 0) return { values, histograms: undefined };
  const histograms = Array.from(values, (): NativeHistogram | undefined => undefined);
  for (const [i, position] of columns.histogramPositions.entries()) {
    const message = columns.histograms[i];
    if (message === undefined || position >= values.length) continue;
    histograms[position] = histogramOf(message);
    values[position] = Number.NaN;
  }
  return { values, histograms };
}

/** Labels by references into a symbol table, name and value in turn. */
export function labelsOf(refs: readonly number[], symbols: readonly string[]): Labels {
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < refs.length; at += 2) {
    pairs.push([symbols[refs[at] ?? 0] ?? "", symbols[refs[at + 1] ?? 0] ?? ""]);
  }
  return Object.fromEntries(pairs);
}

function trailerOf({ trailer }: Found): QueryTrailer {
  const stats = trailer?.stats;
  return {
    warnings: trailer?.warnings ?? [],
    infos: trailer?.infos ?? [],
    completeness: {
      complete: trailer?.completeness?.complete ?? true,
      missing: trailer?.completeness?.missing ?? [],
    },
    stats: stats && statsOf(stats),
  };
}

/** Statistics as numbers. */
export function statsOf(stats: WireStats): QueryStats {
  return {
    samplesTotal: Number(stats.samplesTotal),
    samplesPeak: Number(stats.samplesPeak),
    seriesFetched: Number(stats.seriesFetched),
    chunksFetched: Number(stats.chunksFetched),
    chunksSizeBytes: Number(stats.chunksSizeBytes),
    evaluationUs: Number(stats.evaluationUs),
    threadUs: Number(stats.threadUs),
    samplesPerStep: stats.samplesPerStep.map(Number),
  };
}

/** A stream without a trailer is no answer, however well it ended. */
const cutShort = (): UrdClientError =>
  new UrdClientError("The answer ended before it was whole.", {
    id: "err-urd-rpc-unavailable",
    code: "UNAVAILABLE",
    retryable: true,
  });
