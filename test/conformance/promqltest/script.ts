import { RE2JS } from "re2js";
import { startTimesOf, parseSeriesLine, type SeriesLine, type StartTimes } from "./series-line.ts";
import { parseNumber } from "./values.ts";

/** Reads the scripts with which Prometheus tests its engine (promql/promqltest, version 3.14). */

/** A script is not in the language; `line` counts from 1. */
export class ScriptError extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** A remark or failure that an evaluation must or must not have. */
export interface Expectation {
  readonly kind: "fail" | "warn" | "info" | "no_warn" | "no_info";
  /** True for texts that it allows. */
  allows(text: string): boolean;
  /** As the script says it. */
  readonly source: string;
}

/** Adds samples; values that follow each other are `stepMs` apart, from time 0 on. */
export interface LoadCommand {
  readonly kind: "load";
  readonly line: number;
  readonly stepMs: number;
  /** Also as native histograms with custom buckets. */
  readonly withCustomBuckets: boolean;
  readonly series: readonly SeriesLine[];
}

/** An evaluation and what it must give. */
export interface EvalCommand {
  readonly kind: "eval";
  readonly line: number;
  readonly query: string;
  /** Zero in an instant query. */
  readonly queryStepMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Times of the expected values; of instant queries they are the query's own time, unless … */
  readonly expected: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  /** … the answer is a range vector or a string, which have no range query beside them. */
  readonly instantOnly: boolean;
  readonly ordered: boolean;
  readonly expectations: readonly Expectation[];
  readonly result: ExpectedResult;
}

/** What a query must answer. */
export type ExpectedResult =
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "series"; readonly series: readonly SeriesLine[] };

/** One command with the line it begins on. */
export type Command = { readonly kind: "clear"; readonly line: number } | LoadCommand | EvalCommand;

/** Lines of one command: everything up to the next empty line or comment. */
interface Block {
  readonly line: number;
  readonly head: string;
  readonly body: readonly string[];
}

/** A script as far as it is one, and what is wrong after that. */
export interface Script {
  readonly commands: readonly Command[];
  readonly fault: ScriptError | undefined;
}

/** Parses a script. */
export function parseScript(text: string): Script {
  const commands: Command[] = [];
  try {
    for (const command of parseCommands(text)) commands.push(command);
    return { commands, fault: undefined };
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    return { commands, fault: error };
  }
}

function* parseCommands(text: string): Iterable<Command> {
  const lines = text.split("\n").map((line) => (/^\s*#/.test(line) ? "" : line.trim()));
  let next = 0;
  while (next < lines.length) {
    const line = next + 1;
    const head = lines[next++] as string;
    if (head === "") continue;
    const word = (/^[^\s]+/.exec(head)?.[0] ?? "").toLowerCase();
    if (word === "clear") {
      yield { kind: "clear", line };
      continue;
    }
    const end = blockEnd(lines, next);
    const block: Block = { line, head, body: lines.slice(next, end) };
    const [command, used] = parseBlock(block, word);
    yield command;
    next += used;
  }
}

function blockEnd(lines: readonly string[], from: number): number {
  const found = lines.indexOf("", from);
  return found < 0 ? lines.length : found;
}

function parseBlock(block: Block, word: string): [command: Command, linesUsed: number] {
  if (word.startsWith("load")) return [parseLoad(block), block.body.length];
  if (word.startsWith("eval")) return parseEval(block);
  throw new ScriptError(block.line, `invalid command ${JSON.stringify(block.head)}`);
}

function parseLoad({ line, head, body }: Block): LoadCommand {
  const parts = /^load(_with_nhcb)?\s+(.+?)$/.exec(head);
  if (parts === null) throw new ScriptError(line, "invalid load command");
  const series: SeriesLine[] = [];
  let common: StartTimes | undefined;
  let pending: StartTimes | undefined;
  for (const [i, text] of body.entries()) {
    const at = line + 1 + i;
    const starts = read(at, () => startTimesOf(text));
    if (starts === undefined) {
      series.push(read(at, () => parseSeriesLine(text, pending, common)));
      pending = undefined;
    } else if (pending !== undefined) {
      throw new ScriptError(at - 1, "@st line has no following sample line");
    } else if (starts.labels === undefined) common = starts;
    else pending = starts;
  }
  if (pending !== undefined) {
    throw new ScriptError(line + body.length, "@st line has no following sample line");
  }
  const stepMs = parseDurationMs(line, parts[2] as string);
  return { kind: "load", line, stepMs, withCustomBuckets: parts[1] !== undefined, series };
}

/** Says on which line something is wrong. */
function read<T>(line: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ScriptError(line, error instanceof Error ? error.message : String(error));
  }
}

const instant = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+at\s+(.+?)\s+(.+)$/;
const range =
  /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/;

function parseEval(block: Block): [command: EvalCommand, linesUsed: number] {
  const { line, head } = block;
  const timed = (text: string | undefined): number => parseDurationMs(line, text as string);
  const at = instant.exec(head);
  if (at !== null) {
    const timeMs = timed(at[2]);
    const times = { startMs: timeMs, endMs: timeMs, queryStepMs: 0 };
    return finishEval({ block, word: at[1], query: at[3] as string, ...times });
  }
  const from = range.exec(head);
  if (from === null) throw new ScriptError(line, "invalid evaluation command");
  const times = { startMs: timed(from[2]), endMs: timed(from[3]), queryStepMs: timed(from[4]) };
  return finishEval({ block, word: from[1], query: from[5] as string, ...times });
}

interface Evaluation {
  readonly block: Block;
  /** What stands after `eval_`. */
  readonly word: string | undefined;
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly queryStepMs: number;
}

function finishEval({ block, word, ...query }: Evaluation): [EvalCommand, linesUsed: number] {
  const { line, body } = block;
  const isInstant = query.queryStepMs === 0;
  const legacy = word === "fail" || word === "warn" || word === "info" ? word : undefined;
  const expectations: Expectation[] = legacy ? [anyText(legacy)] : [];
  let result: ExpectedResult = { kind: "series", series: [] };
  let { startMs, endMs } = query;
  let [stepMs, ordered, instantOnly] = [query.queryStepMs, word === "ordered", false];
  let used = 0;
  while (used < body.length) {
    const at = line + 1 + used;
    const text = body[used++] as string;
    const vector = /^expect range vector\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$/.exec(text);
    if (vector !== null) {
      [startMs, endMs, stepMs] = [1, 2, 3].map((i) => parseDurationMs(at, vector[i] as string)) as [
        number,
        number,
        number,
      ];
      instantOnly = true;
    } else if (text.startsWith("expect string")) {
      result = { kind: "string", text: read(at, () => unquote(text.slice(13).trim())) };
      instantOnly = true;
    } else if (/^expect\s+ordered$/.test(text)) ordered = true;
    else if (/^expect(\s|$)/.test(text)) expectations.push(parseExpectation(at, text));
    else if (word === "fail" && /^expected_fail_(message|regexp)/.test(text)) {
      expectations[0] = legacyFailure(at, text);
      break;
    } else if (isNumber(text)) {
      result = { kind: "scalar", value: parseNumber(text) };
      break;
    } else if (result.kind === "series") {
      const series = read(at, () => parseSeriesLine(text));
      if (isInstant && !instantOnly && series.values.length > 1) {
        throw new ScriptError(at, "several values for one time; `expect range vector` is missing");
      }
      result = { kind: "series", series: [...result.series, series] };
    }
  }
  const expected = { startMs, endMs, stepMs: stepMs === 0 ? 1 : stepMs };
  const times = instantOnly && isInstant ? { startMs: endMs, endMs } : {};
  const command: EvalCommand = {
    ...{ kind: "eval", line, ...query, ...times, expected },
    ...{ instantOnly, ordered, expectations, result },
  };
  return [command, used];
}

function isNumber(text: string): boolean {
  try {
    parseNumber(text);
    return true;
  } catch {
    return false;
  }
}

function anyText(kind: Expectation["kind"]): Expectation {
  return { kind, allows: () => true, source: kind };
}

function parseExpectation(line: number, text: string): Expectation {
  const parts = /^expect\s+(fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$/.exec(text);
  if (parts === null) throw new ScriptError(line, `invalid expect statement ${text}`);
  const kind = parts[1] as Expectation["kind"];
  if (parts[2] === undefined) return anyText(kind);
  return textExpectation(line, { kind, isPattern: parts[2] === "regex", text: parts[3] as string });
}

function legacyFailure(line: number, text: string): Expectation {
  const isPattern = text.startsWith("expected_fail_regexp");
  const rest = text.replace(/^expected_fail_(message|regexp)/, "");
  return textExpectation(line, { kind: "fail", isPattern, text: rest });
}

function textExpectation(
  line: number,
  said: { readonly kind: Expectation["kind"]; readonly isPattern: boolean; readonly text: string },
): Expectation {
  const source = said.text.trim();
  const { kind } = said;
  if (!said.isPattern) return { kind, source, allows: (text) => text === source };
  const pattern = read(line, () => RE2JS.compile(source));
  return { kind, source, allows: (text) => pattern.test(text) };
}

function unquote(text: string): string {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1);
  return JSON.parse(text) as string;
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Milliseconds of `1h30m`, or of 0. */
function parseDurationMs(line: number, text: string): number {
  if (text !== "0" && !/^(\d+(ms|[smhdwy]))+$/.test(text)) {
    throw new ScriptError(line, `not a valid duration string: ${JSON.stringify(text)}`);
  }
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    ms += Number(count) * (units[unit as string] as number);
  }
  return ms;
}
