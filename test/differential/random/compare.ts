import type { Answer, AnswerSeries } from "./answers.ts";

/**
 * Says how two answers differ, or undefined. Values must be equal bit for bit, except that sums
 * of floats may differ by `sumTolerance` of themselves: series may come in another order.
 */
export function difference(ours: Answer, theirs: Answer, isOrdered: boolean): string | undefined {
  if (ours.error !== undefined || theirs.error !== undefined) return errorDifference(ours, theirs);
  if (ours.type !== theirs.type) return `type ${ours.type} instead of ${theirs.type}`;
  return (
    seriesDifference(ours, theirs, isOrdered) ??
    remarksDifference("warnings", ours.warnings, theirs.warnings) ??
    remarksDifference("infos", ours.infos, theirs.infos)
  );
}

function errorDifference(ours: Answer, theirs: Answer): string | undefined {
  if (ours.error === theirs.error) return undefined;
  const [a, b] = [ours, theirs].map(({ error }) => error ?? "no error");
  return `error: ${a}\n  instead of: ${b}`;
}

function seriesDifference(ours: Answer, theirs: Answer, isOrdered: boolean): string | undefined {
  const found = new Map(ours.series.map((series) => [series.key, series]));
  if (found.size !== ours.series.length) return "a label set comes twice";
  for (const expected of theirs.series) {
    const series = found.get(expected.key);
    if (series === undefined) return `no series ${expected.key}`;
    found.delete(expected.key);
    const text = pointsDifference(series, expected);
    if (text !== undefined) return `${expected.key} ${text}`;
  }
  for (const key of found.keys()) return `series ${key} too much`;
  if (!isOrdered) return undefined;
  // The order of equal values is chance.
  const at = theirs.series.findIndex(({ key, texts }, i) => {
    const found = ours.series[i];
    return found?.key !== key && (texts.length > 1 || found?.texts[0] !== texts[0]);
  });
  return at < 0 ? undefined : `place ${at} has ${ours.series[at]?.key}`;
}

function pointsDifference(ours: AnswerSeries, theirs: AnswerSeries): string | undefined {
  for (let i = 0; i < Math.max(ours.times.length, theirs.times.length); i++) {
    const [a, b] = [ours.times[i], theirs.times[i]];
    if (a !== b) return `has a sample at ${a} instead of ${b}`;
    const [x, y] = [ours.texts[i] as string, theirs.texts[i] as string];
    if (x !== y && !areNear(x, y)) return `at ${a} is ${x} instead of ${y}`;
  }
  return undefined;
}

const sumTolerance = 1e-12;

function areNear(a: string, b: string): boolean {
  if (a.startsWith("{") || b.startsWith("{")) return false;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= sumTolerance * Math.max(Math.abs(x), Math.abs(y));
}

function remarksDifference(
  what: string,
  ours: readonly string[],
  theirs: readonly string[],
): string | undefined {
  const omitted = (texts: readonly string[]): string | undefined =>
    texts.find((text) => text.endsWith("annotations omitted"));
  // Which ones of too many are shown is chance.
  if (omitted(ours) !== undefined && omitted(ours) === omitted(theirs)) return undefined;
  if (ours.length === theirs.length && ours.every((text, i) => text === theirs[i])) {
    return undefined;
  }
  return `${what} ${JSON.stringify(ours)} instead of ${JSON.stringify(theirs)}`;
}
