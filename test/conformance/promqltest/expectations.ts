import {
  compareLabels,
  type FloatHistogram,
  type Labels,
  labelsKey,
} from "../../../server/model/index.ts";
import { isSameHistogram } from "./histograms.ts";
import type { EvalCommand } from "./script.ts";
import type { SeriesLine } from "./series-line.ts";
import type { Answer, Point } from "./store.ts";
import type { ScriptValue } from "./values.ts";

/** What is wrong with an answer's remarks; undefined when nothing is. */
export function faultOfRemarks(command: EvalCommand, answer: Answer): string | undefined {
  for (const [kind, remarks] of [
    ["warn", answer.warnings],
    ["info", answer.infos],
  ] as const) {
    const wanted = command.expectations.filter((expected) => expected.kind === kind);
    const none = command.expectations.some((expected) => expected.kind === `no_${kind}`);
    if (none && remarks.length > 0) return `unexpected ${kind}: ${remarks[0]}`;
    const missing = wanted.find(({ allows }) => !remarks.some(allows));
    if (missing !== undefined) {
      return `no ${kind} ${missing.source}; found: ${remarks.join(" | ") || "none"}`;
    }
    const extra = remarks.find((text) => !wanted.some(({ allows }) => allows(text)));
    if (wanted.length > 0 && extra !== undefined) return `unexpected ${kind}: ${extra}`;
  }
  return undefined;
}

/** What is wrong with an answer's type, series and values; undefined when nothing is. */
export function faultOfValues(command: EvalCommand, answer: Answer): string | undefined {
  const { result } = command;
  if (answer.type === "string") {
    const equal = result.kind === "string" && answer.text === result.text;
    return equal ? undefined : `string is ${JSON.stringify(answer.text)}`;
  }
  if (answer.type === "scalar") {
    const value = answer.series[0]?.points[0]?.[1];
    if (result.kind !== "scalar") return `is the scalar ${shown(value)}`;
    const equal = typeof value === "number" && almostEqual(value, result.value);
    return equal ? undefined : `is ${shown(value)}, expected ${result.value}`;
  }
  if (result.kind !== "series") return `is a ${answer.type}, expected a ${result.kind}`;
  if (answer.type === "matrix" && command.ordered) return "is a matrix, which has no order";
  return faultOfSeries(command, result.series, answer);
}

function faultOfSeries(
  command: EvalCommand,
  expected: readonly SeriesLine[],
  answer: Answer,
): string | undefined {
  const found = new Map(answer.series.map((series) => [labelsKey(series.labels), series]));
  if (found.size !== answer.series.length) return "two series with the same labels";
  const wanted = new Map(expected.map((line) => [labelsKey(line.labels), line]));
  for (const [place, line] of [...wanted.values()].entries()) {
    const series = found.get(labelsKey(line.labels));
    if (series === undefined) return `missing series ${line.source}`;
    if (command.ordered && answer.series[place] !== series) {
      return `series ${line.source} is not at place ${place}`;
    }
    const fault = faultOfPoints(command, line.values, series.points);
    if (fault !== undefined) return `${line.source}: ${fault}`;
    found.delete(labelsKey(line.labels));
  }
  const [extra] = found.values();
  if (extra === undefined) return undefined;
  const points = extra.points.map(([, value]) => shown(value)).join(" ");
  return `unexpected series ${JSON.stringify(extra.labels)}: ${points}`;
}

/** What is wrong with the order of a matrix. */
export function faultOfOrder({ type, series }: Answer): string | undefined {
  if (type !== "matrix") return undefined;
  const labelsAt = (i: number): Labels => (series[i] as (typeof series)[number]).labels;
  for (let i = 1; i < series.length; i++) {
    if (compareLabels(labelsAt(i - 1), labelsAt(i)) > 0) return `series ${i} is out of order`;
  }
  return undefined;
}

function faultOfPoints(
  { expected: times }: EvalCommand,
  expected: readonly ScriptValue[],
  points: readonly Point[],
): string | undefined {
  const byTime = new Map(points);
  for (const [i, value] of expected.entries()) {
    const timeMs = times.startMs + i * times.stepMs;
    if (timeMs > times.endMs) return `there is no step ${i}`;
    const found = byTime.get(timeMs);
    byTime.delete(timeMs);
    if (isExpected(value, found)) continue;
    return `has ${shown(found)} at step ${i}, expected ${shownExpected(value)}`;
  }
  const [extra] = byTime;
  return extra && `has ${byTime.size} samples more, ${shown(extra[1])} at ${extra[0]}`;
}

function isExpected(value: ScriptValue, found: number | FloatHistogram | undefined): boolean {
  if (value === "absent") return found === undefined;
  // Answers have no staleness markers.
  if (value === "stale") return false;
  if (typeof value === "number") return typeof found === "number" && almostEqual(found, value);
  return typeof found === "object" && isSameHistogram(value, found, almostEqual);
}

/** The smallest positive float with full precision. */
const smallestNormal = 2 ** -1022;

/** Equal within a millionth, as Prometheus compares in its scripts. */
function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const difference = Math.abs(a - b);
  const sum = Math.abs(a) + Math.abs(b);
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < 1e-6 * smallestNormal;
  return difference / Math.min(sum, Number.MAX_VALUE) < 1e-6;
}

function shown(value: number | FloatHistogram | undefined): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value ?? "nothing");
}

function shownExpected(value: ScriptValue): string {
  return typeof value === "object" ? JSON.stringify(value.histogram) : String(value);
}
