/** Reads the scripts with which Prometheus tests its engine (promql/promqltest, version 3.14). */

/** A remark or failure that an evaluation must or must not have. */
export interface Expectation {
  readonly kind: "fail" | "warn" | "info" | "no_warn" | "no_info" | "ordered" | "string";
  /** Exact text or pattern; both absent: any. */
  readonly text?: string;
  readonly pattern?: string;
}

/** One command with the line it begins on, from 1. */
export type Command =
  | { readonly kind: "clear"; readonly line: number }
  | {
      readonly kind: "load";
      readonly line: number;
      readonly stepMs: number;
      /** Also as native histograms with custom buckets. */
      readonly withCustomBuckets: boolean;
      readonly series: readonly string[];
    }
  | EvalCommand;

/** An evaluation and what it must give. */
export interface EvalCommand {
  readonly kind: "eval";
  readonly line: number;
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  /** Zero in an instant query. */
  readonly stepMs: number;
  readonly expectations: readonly Expectation[];
  /** Lines of expected series or the expected scalar. */
  readonly results: readonly string[];
}

/** Parses a script. Throws with the line of what it does not know. */
export function parseScript(text: string): readonly Command[] {
  const lines = text.split("\n");
  const commands: Command[] = [];
  let next = 0;
  while (next < lines.length) {
    const line = next + 1;
    const head = stripComment(lines[next++] ?? "");
    if (head === "") continue;
    const body: string[] = [];
    while (next < lines.length && /^\s*(#|\S)/.test(lines[next] ?? "")) {
      const inner = lines[next] ?? "";
      if (/^\S/.test(inner) && isCommand(inner)) break;
      if (stripComment(inner) !== "") body.push(stripComment(inner));
      next++;
    }
    commands.push(parseCommand({ line, head, body }));
  }
  return commands;
}

interface Block {
  readonly line: number;
  readonly head: string;
  readonly body: readonly string[];
}

function stripComment(line: string): string {
  const trimmed = line.trim();
  return trimmed.startsWith("#") ? "" : trimmed;
}

function isCommand(line: string): boolean {
  return /^(clear|load|load_with_nhcb|eval\w*)\b/.test(line);
}

function parseCommand({ line, head, body }: Block): Command {
  if (head === "clear") return { kind: "clear", line };
  const load = /^(load|load_with_nhcb)\s+(\S+)$/.exec(head);
  if (load !== null) {
    const withCustomBuckets = load[1] === "load_with_nhcb";
    return {
      ...{ kind: "load", line, withCustomBuckets },
      ...{ stepMs: parseDurationMs(load[2] as string), series: body },
    };
  }
  return parseEval({ line, head, body });
}

const instant = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(\S+))?\s+(.+)$/;
const range =
  /^eval(?:_(fail|warn|ordered|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/;

function parseEval({ line, head, body }: Block): EvalCommand {
  const expectations = body.filter((text) => text.startsWith("expect ")).map(parseExpectation);
  const results = body.filter((text) => !text.startsWith("expect "));
  const at = instant.exec(head);
  if (at !== null) {
    const timeMs = parseDurationMs(at[2] as string);
    return {
      ...{ kind: "eval", line, query: at[3] as string, results },
      ...{ startMs: timeMs, endMs: timeMs, stepMs: 0 },
      expectations: [...legacyExpectation(at[1]), ...expectations],
    };
  }
  const from = range.exec(head);
  if (from === null) throw new Error(`line ${line}: unknown command ${head}`);
  return {
    ...{ kind: "eval", line, query: from[5] as string, results },
    startMs: parseDurationMs(from[2] as string),
    endMs: parseDurationMs(from[3] as string),
    stepMs: parseDurationMs(from[4] as string),
    expectations: [...legacyExpectation(from[1]), ...expectations],
  };
}

function legacyExpectation(word: string | undefined): readonly Expectation[] {
  return word === undefined ? [] : [{ kind: word as Expectation["kind"] }];
}

function parseExpectation(line: string): Expectation {
  const parts = /^expect\s+(\w+)\s*(?:(msg|regex):\s*)?(.*)$/.exec(line);
  const kind = parts?.[1] as Expectation["kind"];
  const text = parts?.[3] ?? "";
  if (kind === "string") return { kind, text: unquote(text) };
  if (parts?.[2] === "regex") return { kind, pattern: text };
  return parts?.[2] === "msg" ? { kind, text } : { kind };
}

function unquote(text: string): string {
  return text.startsWith("`") ? text.slice(1, -1) : (JSON.parse(text) as string);
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

/** Milliseconds of `1h30m`, or of a number of seconds. */
export function parseDurationMs(text: string): number {
  if (/^-?[\d.]+$/.test(text)) return Math.round(Number(text) * 1000);
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) {
    ms += Number(count) * (units[unit as string] as number);
  }
  return text.startsWith("-") ? -ms : ms;
}
