import type { Labels } from "../../../server/model/index.ts";
import { labelsKey } from "../../../server/model/index.ts";
import { parseMetricPrefix } from "../../../server/promql/index.ts";
import { parseValues, type ScriptValue } from "./values.ts";

/** A series with its values, one after the other. */
export interface SeriesLine {
  readonly labels: Labels;
  readonly values: readonly ScriptValue[];
  /** For each value when its counter began, in ms from the sample's time; undefined: unknown. */
  readonly startOffsetsMs: readonly (number | undefined)[];
  /** As the script has it. */
  readonly source: string;
}

/** A line `metric@st …`; without a metric it is about all lines that have none of their own. */
export interface StartTimes {
  readonly labels: Labels | undefined;
  readonly offsetsMs: readonly (number | undefined)[];
}

/** Reads a series; `own` and `common` are the start times said before. Throws on a fault. */
export function parseSeriesLine(text: string, own?: StartTimes, common?: StartTimes): SeriesLine {
  const { labels, end } = parseMetricPrefix(text);
  const values = parseValues(text.slice(end));
  if (own !== undefined && labelsKey(own.labels as Labels) !== labelsKey(labels)) {
    throw new Error("@st metric does not match the following sample line metric");
  }
  if (own !== undefined && own.offsetsMs.length !== values.length) {
    throw new Error(`@st line has ${own.offsetsMs.length} values but sample line ${values.length}`);
  }
  const { offsetsMs } = own ?? common ?? { offsetsMs: [] };
  const startOffsetsMs = values.map((_, i) => offsetsMs[i % offsetsMs.length]);
  return { labels, values, startOffsetsMs, source: text };
}

/** The start times a line says; undefined when it is about something else. */
export function startTimesOf(text: string): StartTimes | undefined {
  const parts = /^(\S*?)@st\s+(.+)$/.exec(text);
  if (parts === null) return undefined;
  const offsetsMs: (number | undefined)[] = [];
  for (const item of (parts[2] as string).trim().split(/\s+/)) {
    offsetsMs.push(...parseOffsets(item, offsetsMs.findLast((ms) => ms !== undefined) ?? 0));
  }
  const labels = parts[1] === "" ? undefined : parseMetricPrefix(parts[1] as string).labels;
  return { labels, offsetsMs };
}

const duration = "[-+]?\\d+(?:ms|[smhdwy])?";
const item = new RegExp(`^(_|\\*|${duration})(?:([-+]${duration}))?(?:x(\\d+))?$`);

function parseOffsets(text: string, before: number): readonly (number | undefined)[] {
  const [, first, step, times] = item.exec(text) ?? [];
  if (first === undefined || (step !== undefined && times === undefined)) {
    throw new Error(`invalid @st sequence: ${text}`);
  }
  const isGap = first === "_";
  const firstMs = isGap ? 0 : first === "*" ? before : offsetMs(first);
  const stepMs = step === undefined ? 0 : offsetMs(step);
  const count = isGap ? Number(times ?? 1) : Number(times ?? 0) + 1;
  return Array.from({ length: count }, (_, i) => (isGap ? undefined : firstMs + i * stepMs));
}

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

function offsetMs(text: string): number {
  const [, sign, count, unit] = /^([-+]?)(\d+)(\w*)$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ""] ?? 0);
  return sign === "-" ? -ms : ms;
}
