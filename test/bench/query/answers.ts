/** An answer of the Prometheus API, as far as it compares. */
export interface Answer {
  /** Texts of the values by labels and time. */
  readonly values: ReadonlyMap<string, ReadonlyMap<number, number>>;
}

interface ResultSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

/** Reads the body of an answer; throws with its text when it is an error. */
export function readAnswer(body: string): Answer {
  const { status, data } = JSON.parse(body) as {
    status: string;
    data?: { result: readonly ResultSeries[] };
  };
  if (status !== "success" || data === undefined) throw new Error(body.slice(0, 300));
  const values = new Map<string, Map<number, number>>();
  for (const series of data.result) {
    const points = series.values ?? (series.value === undefined ? [] : [series.value]);
    const key = JSON.stringify(Object.entries(series.metric).sort(byName));
    values.set(key, new Map(points.map(([at, text]) => [at, parseValue(text)])));
  }
  return { values };
}

const parseValue = (text: string): number => Number(text.replace("Inf", "Infinity"));

/**
 * Says how `answer` differs from `expected`, or undefined. Values may differ by `tolerance` of
 * themselves: sums of floats depend on the order of the series.
 */
export function difference(
  answer: Answer,
  expected: Answer,
  tolerance: number,
): string | undefined {
  if (answer.values.size !== expected.values.size) {
    return `${answer.values.size} series instead of ${expected.values.size}`;
  }
  for (const [key, points] of expected.values) {
    const found = answer.values.get(key);
    if (found === undefined) return `no series ${key}`;
    if (found.size !== points.size) return `${found.size} points not ${points.size} in ${key}`;
    for (const [at, value] of points) {
      const other = found.get(at);
      if (other === undefined || !isNear(other, value, tolerance)) {
        return `${key} at ${at} is ${other} instead of ${value}`;
      }
    }
  }
  return undefined;
}

function isNear(a: number, b: number, tolerance: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
