import { labelsKey } from "../../../server/model/index.ts";
import { toCustomBuckets } from "./custom-buckets.ts";
import { faultOfOrder, faultOfRemarks, faultOfValues } from "./expectations.ts";
import { asksForItsTimes, pinnedQueries } from "./pinned.ts";
import { type EvalCommand, type LoadCommand, parseScript } from "./script.ts";
import type { SeriesLine } from "./series-line.ts";
import type { Answer, ScriptQuery, ScriptSample, ScriptSeries, ScriptStore } from "./store.ts";

/** What became of one evaluation, or where and why a script ended early. */
export interface Outcome {
  readonly line: number;
  readonly isEvaluation: boolean;
  readonly fault: string | undefined;
}

/** How thoroughly a script is run. */
export interface RunMode {
  /** Repeats instant queries with all selectors pinned by `@`, at several times. */
  readonly pinned: boolean;
}

/**
 * Runs a script; each evaluation has an outcome. A text that is no script, and samples that the
 * store refuses, are outcomes too, after which nothing more is run.
 */
export async function runScript(
  text: string,
  store: ScriptStore,
  mode: RunMode = { pinned: true },
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  let line = 0;
  try {
    const { commands, fault } = parseScript(text);
    await store.clear();
    for (const command of commands) {
      ({ line } = command);
      if (command.kind === "clear") await store.clear();
      else if (command.kind === "load") await store.load(samplesOf(command));
      else outcomes.push({ line, isEvaluation: true, fault: await evaluate(command, store, mode) });
    }
    if (fault !== undefined) ({ line } = fault);
    if (fault !== undefined) throw fault;
  } catch (error) {
    outcomes.push({ line, isEvaluation: false, fault: messageOf(error) });
  }
  return outcomes;
}

function samplesOf({ series, stepMs, withCustomBuckets }: LoadCommand): readonly ScriptSeries[] {
  // A line about a series takes the place of an earlier one.
  const lines = [...new Map(series.map((line) => [labelsKey(line.labels), line])).values()];
  const natives = withCustomBuckets ? toCustomBuckets(lines) : [];
  return [...lines, ...natives].map((line) => ({
    labels: line.labels,
    samples: sampleList(line, stepMs),
  }));
}

function sampleList({ values, startOffsetsMs }: SeriesLine, stepMs: number): ScriptSample[] {
  return values.flatMap((value, i) => {
    if (value === "absent") return [];
    const timeMs = i * stepMs;
    const offsetMs = startOffsetsMs[i];
    const startTimeMs = offsetMs === undefined ? 0 : timeMs + offsetMs;
    const plain = typeof value === "object" ? value.histogram : value;
    return [{ timeMs, value: plain, startTimeMs }];
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function evaluate(
  command: EvalCommand,
  store: ScriptStore,
  mode: RunMode,
): Promise<string | undefined> {
  const { query, startMs, endMs, queryStepMs } = command;
  if (queryStepMs > 0) {
    return faultOf(command, store, { query, startMs, endMs, stepMs: queryStepMs });
  }
  const fault = await atOneTime(command, store, { query, timeMs: startMs });
  if (fault !== undefined || !mode.pinned) return fault;
  const pinned = parsed(() => pinnedQueries(query, startMs)) ?? [];
  for (const one of pinned) {
    const again = await atOneTime(command, store, one);
    if (again !== undefined) return `as ${one.query} at ${one.timeMs} ms: ${again}`;
  }
  return undefined;
}

/** Undefined for texts that do not parse: they have failed already, as expected. */
function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

async function faultOf(
  command: EvalCommand,
  store: ScriptStore,
  asked: ScriptQuery,
): Promise<string | undefined> {
  const answer = await answerOrFault(command, store, asked);
  if (typeof answer !== "object") return answer;
  return faultOfRemarks(command, answer) ?? faultOfValues(command, answer) ?? faultOfOrder(answer);
}

/** The answer; or what is wrong with the failure, undefined when the failure is as expected. */
async function answerOrFault(
  command: EvalCommand,
  store: ScriptStore,
  asked: ScriptQuery,
): Promise<Answer | string | undefined> {
  const fails = command.expectations.find(({ kind }) => kind === "fail");
  try {
    const answer = await store.ask(asked);
    return fails === undefined ? answer : "should have failed";
  } catch (error) {
    const message = messageOf(error);
    if (fails === undefined) return `failed: ${message}`;
    return fails.allows(message) ? undefined : `failed with another text: ${message}`;
  }
}

interface AtOneTime {
  readonly query: string;
  readonly timeMs: number;
}

/** What holds at one time must hold in the middle of a range too. */
async function atOneTime(
  command: EvalCommand,
  store: ScriptStore,
  { query, timeMs }: AtOneTime,
): Promise<string | undefined> {
  const asked = { query, startMs: timeMs, endMs: timeMs, stepMs: 0 };
  const answer = await answerOrFault(command, store, asked);
  if (typeof answer !== "object") return answer;
  // The expected times are those of the script, wherever a pinned query is evaluated.
  const shifted = moveTo(command, answer, timeMs);
  const fault = faultOfRemarks(command, answer) ?? faultOfValues(command, shifted);
  if (fault !== undefined) return fault;
  if (command.instantOnly || asksForItsTimes(query)) return undefined;
  const around = { startMs: timeMs - 60_000, endMs: timeMs + 60_000, stepMs: 60_000 };
  const whole = await answerOrFault(command, store, { query, ...around });
  if (typeof whole !== "object") return whole && `as a range: ${whole}`;
  if (command.ordered) return undefined;
  const series = whole.series
    .map(({ labels, points }) => ({ labels, points: points.filter(([at]) => at === timeMs) }))
    .filter(({ points }) => points.length > 0);
  const middle = moveTo(command, { ...whole, type: answer.type, series }, timeMs);
  const rangeFault = faultOfValues(command, middle) ?? faultOfOrder(whole);
  return rangeFault && `as a range: ${rangeFault}`;
}

function moveTo(command: EvalCommand, answer: Answer, timeMs: number): Answer {
  if (answer.type === "matrix" || timeMs === command.startMs) return answer;
  const series = answer.series.map(({ labels, points }) => ({
    labels,
    points: points.map(([at, value]) => [at - timeMs + command.startMs, value] as const),
  }));
  return { ...answer, series };
}
