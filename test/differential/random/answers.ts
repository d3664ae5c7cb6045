/** When a query is evaluated; a step of zero means once, at `startMs`. */
export interface Evaluation {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** An answer of the HTTP API in a form that compares. */
export interface Answer {
  readonly error: string | undefined;
  readonly type: string;
  /** In the order of the answer. */
  readonly series: readonly AnswerSeries[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** One series; `times` and `texts` belong together. */
export interface AnswerSeries {
  readonly key: string;
  readonly times: readonly number[];
  /** Values, or a histogram's JSON. */
  readonly texts: readonly string[];
}

interface Body {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

interface ResultSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
  readonly histogram?: readonly [number, unknown];
  readonly histograms?: readonly (readonly [number, unknown])[];
}

type Point = readonly [number, string];

/** Asks a server; an error status is an answer too. */
export async function askServer(url: string, query: string, at: Evaluation): Promise<Answer> {
  const seconds = (ms: number): string => String(ms / 1000);
  const parameters: Record<string, string> =
    at.stepMs === 0
      ? { query, time: seconds(at.startMs) }
      : { query, start: seconds(at.startMs), end: seconds(at.endMs), step: seconds(at.stepMs) };
  const response = await fetch(`${url}/api/v1/${at.stepMs === 0 ? "query" : "query_range"}`, {
    method: "POST",
    body: new URLSearchParams(parameters),
  });
  return readAnswer((await response.json()) as Body);
}

function readAnswer(body: Body): Answer {
  const remarks = { warnings: sorted(body.warnings), infos: sorted(body.infos) };
  const { data } = body;
  if (data === undefined) {
    return { error: body.error ?? "no text", type: "error", series: [], ...remarks };
  }
  const { resultType: type, result } = data;
  if (type === "scalar" || type === "string") {
    const [time, text] = result as Point;
    return {
      error: undefined,
      type,
      series: [{ key: "", times: [time], texts: [text] }],
      ...remarks,
    };
  }
  return { error: undefined, type, series: (result as ResultSeries[]).map(readSeries), ...remarks };
}

const sorted = (texts: readonly string[] | undefined): readonly string[] =>
  [...(texts ?? [])].sort((a, b) => (a < b ? -1 : 1));

function readSeries(series: ResultSeries): AnswerSeries {
  const floats = series.values ?? (series.value === undefined ? [] : [series.value]);
  const natives = series.histograms ?? (series.histogram === undefined ? [] : [series.histogram]);
  const labels = Object.entries(series.metric).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    key: JSON.stringify(labels),
    times: [...floats, ...natives].map(([time]) => time),
    texts: [...floats.map(([, text]) => text), ...natives.map(([, h]) => JSON.stringify(h))],
  };
}
