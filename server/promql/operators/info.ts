import {
  compileMatcher,
  type Labels,
  labelValue,
  type Matcher,
  metricNameLabel,
} from "../../model/index.ts";
import { children, type Expr, type VectorSelector } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { shiftOf, type TimeShift } from "../plan/selector-ranges.ts";
import { holdAll, releaseAll, SeriesMerger } from "./held-series.ts";
import { createEnricher, identifyingLabels, type LabelsAtStep } from "./info-labels.ts";
import { metricNameOf } from "./label-sets.ts";
import { isPresent, setPresent } from "./presence.ts";
import { type EvalContext, newColumn, type StepColumn, type StepStream } from "./stream.ts";
import { selectInstant } from "./vector-selector.ts";

/** info(base, {…}): adds labels of the info metrics that describe the same target. */
export interface InfoCall {
  readonly base: StepStream;
  /** The expression of `base`: its times are those at which info metrics are looked at. */
  readonly baseExpr: Expr;
  /** The second argument: which info metrics, and which of their labels. */
  readonly labels: VectorSelector | undefined;
}

/** Which info metrics are meant when nothing is said about their names. */
const defaultName: Matcher = { type: "=", name: metricNameLabel, value: "target_info" };

/** What a metric's name must be like when it is only said what it must not be. */
const likelyName: Matcher = { type: "=~", name: metricNameLabel, value: ".+_info" };

function withName(matchers: readonly Matcher[]): readonly Matcher[] {
  const names = matchers.filter(({ name }) => name === metricNameLabel);
  if (names.some(({ type }) => type === "=" || type === "=~")) return matchers;
  return [names.length > 0 ? likelyName : defaultName, ...matchers];
}

/** Enriches each series at each step; holds all of them, to know which info series to read. */
export function addInfo(call: InfoCall, grid: StepGrid, ctx: EvalContext): StepStream {
  return {
    metricName: undefined,
    async *batches() {
      const held = await holdAll(call.base, grid.count, ctx);
      const matchers = withName(call.labels?.matchers ?? []);
      const isInfo = infoTest(matchers);
      const base = held.filter(({ labels }) => !isInfo(labels));
      const info = await readInfo({ call, matchers, base }, grid, ctx);
      const dataMatchers = matchers.filter(({ name }) => name !== metricNameLabel);
      const enrich = createEnricher({ info, base, dataMatchers, stepCount: grid.count });
      const merger = new SeriesMerger(grid.count, ctx);
      for (const series of held) {
        if (isInfo(series.labels)) merger.add(series);
        else for (const part of split(series, enrich(series.labels), grid.count)) merger.add(part);
      }
      yield* merger.batches();
      releaseAll(info, grid.count, ctx);
      releaseAll(held, grid.count, ctx);
    },
  };
}

/** Series whose own name is asked for are info metrics themselves and stay as they are. */
function infoTest(matchers: readonly Matcher[]): (labels: Labels) => boolean {
  const names = matchers.filter(({ name }) => name === metricNameLabel).map(compileMatcher);
  return (labels) => names.every(({ matches }) => matches(metricNameOf(labels)));
}

interface InfoRead {
  readonly call: InfoCall;
  readonly matchers: readonly Matcher[];
  readonly base: readonly StepColumn[];
}

/** Info series of the targets in `base`; their values are the times of their samples in seconds. */
async function readInfo(
  { call, matchers, base }: InfoRead,
  grid: StepGrid,
  ctx: EvalContext,
): Promise<readonly StepColumn[]> {
  const targets = identifyingLabels.flatMap((name) => targetMatcher(name, base) ?? []);
  if (targets.length === 0) return [];
  const shift = timesOf(call.baseExpr);
  const selector: VectorSelector = {
    ...{ kind: "vector-selector", name: "", extended: undefined },
    matchers: [...targets, ...matchers],
    offset: { kind: "ms", ms: shift.offsetMs },
    at: shift.atMs === undefined ? undefined : { kind: "time", timeMs: shift.atMs },
    position: call.baseExpr.position,
  };
  return holdAll(selectInstant(selector, grid, ctx, "float-time"), grid.count, ctx);
}

/** Any of the values that a label has in `base`. */
function targetMatcher(name: string, base: readonly StepColumn[]): Matcher | undefined {
  const values = new Set(base.map(({ labels }) => labelValue(labels, name)));
  values.delete("");
  const [only] = values;
  if (only === undefined) return undefined;
  if (values.size === 1) return { type: "=", name, value: only };
  const value = [...values].map((text) => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&")).join("|");
  return { type: "=~", name, value };
}

/** Where the first selector of an expression looks, as seen from the steps of the whole. */
function timesOf(expr: Expr): TimeShift {
  let shift: TimeShift = { offsetMs: 0, atMs: undefined };
  const visit = (node: Expr): boolean => {
    const outer = shift;
    const timed = node.kind === "matrix-selector" ? node.selector : node;
    if (timed.kind === "vector-selector" || timed.kind === "subquery") {
      const { offsetMs, atMs } = shiftOf(timed);
      shift =
        atMs === undefined ? { ...outer, offsetMs: outer.offsetMs + offsetMs } : { offsetMs, atMs };
    }
    if (timed.kind === "vector-selector" || children(node).some(visit)) return true;
    shift = outer;
    return false;
  };
  visit(expr);
  return shift;
}

/** The series in as many parts as it has label sets over time; steps may be left out. */
function* split(
  series: StepColumn,
  labelsAt: LabelsAtStep,
  stepCount: number,
): Iterable<StepColumn> {
  const parts = new Map<Labels, StepColumn>();
  for (let step = 0; step < stepCount; step++) {
    if (!isPresent(series.present, step)) continue;
    const labels = labelsAt(step);
    if (labels === undefined) continue;
    let part = parts.get(labels);
    if (part === undefined) {
      part = { ...series, labels, present: newColumn(stepCount).present };
      parts.set(labels, part);
    }
    setPresent(part.present, step);
  }
  yield* parts.values();
}
