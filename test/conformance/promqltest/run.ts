import {
  type FloatHistogram,
  type Labels,
  labelsKey,
  staleHigh,
  staleLow,
} from "../../../server/model/index.ts";
import {
  createEngine,
  type Engine,
  isPresent,
  parseExpr,
  parseMetricPrefix,
  type QueryResult,
  stepTimeMs,
} from "../../../server/promql/index.ts";
import type { QueryCall } from "../../../server/storage/index.ts";
import { createMemoryQueryable, type MemoryQueryable } from "../../support/memory-queryable.ts";
import { type Command, type EvalCommand, type Expectation, parseScript } from "./script.ts";
import { isSameHistogram } from "./histograms.ts";
import { parseNumber, parseValues, type ScriptValue } from "./values.ts";

/** What became of one evaluation: its line, and what was wrong with it. */
export interface Outcome {
  readonly line: number;
  readonly fault: string | undefined;
}

const parse = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
} as const;

/** Options of the engine with which Prometheus runs its scripts. */
const engine: Engine = createEngine({ delayedNameRemoval: true, subqueryStepMs: 60_000, parse });

/** Runs a script; each evaluation has an outcome. */
export async function runScript(text: string): Promise<readonly Outcome[]> {
  let store = createMemoryQueryable();
  const outcomes: Outcome[] = [];
  for (const command of parseScript(text)) {
    if (command.kind === "clear") store = createMemoryQueryable();
    else if (command.kind === "load") load(store, command);
    else outcomes.push({ line: command.line, fault: await evaluate(command, store) });
  }
  return outcomes;
}

function load(store: MemoryQueryable, command: Command & { kind: "load" }): void {
  for (const line of command.series) {
    // Start timestamps of a series stand in a line of their own.
    if (/^[^{]*(\{.*\})?@st\s/.test(line)) continue;
    const { labels, values } = parseSeriesLine(line);
    for (const [i, value] of values.entries()) {
      const timeMs = i * command.stepMs;
      if (typeof value === "number") store.add(labels, timeMs, value);
      else if (value === "stale") store.add(labels, timeMs, { low: staleLow, high: staleHigh });
      else if (value !== "absent") store.addHistogram(labels, timeMs, value.histogram);
    }
  }
}

function parseSeriesLine(line: string): { labels: Labels; values: readonly ScriptValue[] } {
  const { labels, end } = parseMetricPrefix(line);
  return { labels, values: parseValues(line.slice(end)) };
}

type Point = readonly [timeMs: number, value: number | FloatHistogram];

/** Series of an answer by their labels, as (time, value) pairs in order. */
interface Answer {
  readonly type: QueryResult["type"];
  readonly text: string | undefined;
  readonly series: readonly { labels: Labels; points: readonly Point[] }[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

async function collect(result: QueryResult): Promise<Answer> {
  const series: { labels: Labels; points: Point[] }[] = [];
  for await (const batch of result.batches()) {
    if (batch.kind === "samples") {
      for (const { labels, timesMs, values, from, to, histograms } of batch.series) {
        const points: Point[] = [];
        for (let i = from; i < to; i++) {
          points.push([timesMs[i] as number, histograms?.[i] ?? (values[i] as number)]);
        }
        series.push({ labels, points });
      }
      continue;
    }
    for (const { labels, values, present, histograms } of batch.series) {
      const points: Point[] = [];
      for (let step = 0; step < result.grid.count; step++) {
        if (!isPresent(present, step)) continue;
        const value = histograms?.[step] ?? (values[step] as number);
        points.push([stepTimeMs(result.grid, step), value]);
      }
      series.push({ labels, points });
    }
  }
  return { type: result.type, text: result.text, series, ...result.annotations() };
}

async function evaluate(command: EvalCommand, store: MemoryQueryable): Promise<string | undefined> {
  const fails = command.expectations.find(({ kind }) => kind === "fail");
  let answer: Answer;
  try {
    answer = await collect(ask(command, store));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (fails === undefined) return `failed: ${message}`;
    return matchesText(fails, message) ? undefined : `failed with another text: ${message}`;
  }
  if (fails !== undefined) return "should have failed";
  return checkRemarks(command, answer) ?? checkValues(command, answer) ?? inRange(command, store);
}

function ask(command: EvalCommand, store: MemoryQueryable): QueryResult {
  const { query, startMs, endMs, stepMs } = command;
  const call: QueryCall = { signal: new AbortController().signal, account: { addRead() {} } };
  return stepMs === 0
    ? engine.instant({ query, timeMs: startMs }, store, call)
    : engine.range({ query, startMs, endMs, stepMs }, store, call);
}

/** What holds at one time must hold in the middle of a range too, as Prometheus's runner asks. */
async function inRange(command: EvalCommand, store: MemoryQueryable): Promise<string | undefined> {
  const ordered = command.expectations.some(({ kind }) => kind === "ordered" || kind === "string");
  if (command.stepMs !== 0 || ordered || isRangeVector(command.query)) return undefined;
  const { startMs } = command;
  const around = { startMs: startMs - 60_000, endMs: startMs + 60_000, stepMs: 60_000 };
  if (/(start|end|range|step)\(\)/.test(command.query)) return undefined;
  const answer = await collect(ask({ ...command, ...around }, store));
  const series = answer.series
    .map(({ labels, points }) => ({ labels, points: points.filter(([time]) => time === startMs) }))
    .filter(({ points }) => points.length > 0);
  const fault = checkValues(command, { ...answer, series });
  return fault === undefined ? undefined : `as a range: ${fault}`;
}

function isRangeVector(query: string): boolean {
  const expr = parseExpr(query, parse);
  return expr.kind === "matrix-selector" || expr.kind === "subquery" || expr.kind === "string";
}

function matchesText({ text, pattern }: Expectation, message: string): boolean {
  if (text !== undefined) return message === text;
  return pattern === undefined || new RegExp(pattern).test(message);
}

function checkRemarks(command: EvalCommand, answer: Answer): string | undefined {
  for (const expected of command.expectations) {
    const { kind } = expected;
    const remarks = kind.endsWith("warn") ? answer.warnings : answer.infos;
    if ((kind === "no_warn" || kind === "no_info") && remarks.length > 0) {
      return `unexpected remark: ${remarks[0]}`;
    }
    if ((kind === "warn" || kind === "info") && remarks.length === 0) return `no ${kind}`;
    const texts = kind === "warn" || kind === "info" ? remarks : [];
    if (texts.length > 0 && !texts.some((text) => matchesText(expected, text))) {
      return `remark is ${texts.join(" | ")}`;
    }
  }
  return undefined;
}

function checkValues(command: EvalCommand, answer: Answer): string | undefined {
  const text = command.expectations.find(({ kind }) => kind === "string")?.text;
  if (text !== undefined) return answer.text === text ? undefined : `string is ${answer.text}`;
  const [only] = command.results;
  if (only !== undefined && command.results.length === 1 && !/[\s{]/.test(only)) {
    const value = answer.series[0]?.points[0]?.[1];
    const equal = typeof value === "number" && almostEqual(value, parseNumber(only));
    return equal ? undefined : `value is ${shown(value)}, expected ${only}`;
  }
  return checkSeries(command, answer);
}

function checkSeries(command: EvalCommand, answer: Answer): string | undefined {
  const ordered = command.expectations.some(({ kind }) => kind === "ordered");
  const found = new Map(answer.series.map((series) => [labelsKey(series.labels), series]));
  if (found.size !== answer.series.length) return "two series with the same labels";
  let place = 0;
  for (const line of command.results) {
    const { labels, values } = parseSeriesLine(line);
    const series = found.get(labelsKey(labels));
    if (series === undefined) return `missing series ${line}`;
    if (ordered && answer.series[place] !== series)
      return `series ${line} is not at place ${place}`;
    const fault = checkPoints(command, values, series.points);
    if (fault !== undefined) return `${line}: ${fault}`;
    found.delete(labelsKey(labels));
    place++;
  }
  const [extra] = found.values();
  return extra === undefined
    ? undefined
    : `unexpected series ${extra.labels.join(" ")}: ${extra.points.map(([, value]) => shown(value)).join(" ")}`;
}

function checkPoints(
  command: EvalCommand,
  expected: readonly ScriptValue[],
  points: readonly Point[],
): string | undefined {
  const stepMs = command.stepMs === 0 ? 1 : command.stepMs;
  const byTime = new Map(points);
  for (const [i, value] of expected.entries()) {
    const timeMs = command.startMs + i * stepMs;
    const found = byTime.get(timeMs);
    byTime.delete(timeMs);
    if (value === "absent" || value === "stale") {
      if (found !== undefined) return `has ${shown(found)} at step ${i}`;
    } else if (typeof value !== "number") {
      if (typeof found === "object" && isSameHistogram(value, found, almostEqual)) continue;
      return `has ${JSON.stringify(found)} at step ${i}, expected ${JSON.stringify(value)}`;
    } else if (typeof found !== "number" || !almostEqual(found, value)) {
      return `has ${JSON.stringify(found)} at step ${i}, expected ${value}`;
    }
  }
  return byTime.size > 0 ? `has ${byTime.size} samples more` : undefined;
}

/** Equal within a millionth, as Prometheus compares in its scripts. */
function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const difference = Math.abs(a - b);
  const sum = Math.abs(a) + Math.abs(b);
  if (a === 0 || b === 0 || sum < Number.MIN_VALUE) return difference < 1e-6 * Number.MIN_VALUE;
  return difference / Math.min(sum, Number.MAX_VALUE) < 1e-6;
}

/** A value for a message. */
function shown(value: number | FloatHistogram | undefined): string {
  return typeof value === "number" ? String(value) : JSON.stringify(value ?? "nothing");
}
