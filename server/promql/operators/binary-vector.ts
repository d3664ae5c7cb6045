import { compareLabels, type Labels, labelsKey, labelValue } from "../../model/index.ts";
import { assert } from "../../platform/base/index.ts";
import {
  arithmeticOf,
  comparisonOf,
  isArithmetic,
  isTrim,
  scalarOperation,
} from "../arithmetic.ts";
import type { BinaryOp, Position, VectorMatching } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import { histogramOperation } from "./binary-histograms.ts";
import { createFiller, type Filler } from "./fill.ts";
import { holdAll, releaseAll, SeriesMerger } from "./held-series.ts";
import { keepOnly, printLabels, withLabels, without, withoutName } from "./label-sets.ts";
import { setSample } from "./native-histograms.ts";
import { matchKey, matchLabels } from "./matching.ts";
import {
  emptyPresence,
  intersects,
  isEmpty,
  isPresent,
  type Presence,
  setPresent,
  unite,
} from "./presence.ts";
import {
  checkpoint,
  createBatchBuilder,
  type EvalContext,
  type StepBatch,
  type StepColumn,
  type StepSeries,
  type StepStream,
} from "./stream.ts";

/** An arithmetic or comparison operator between two vectors. */
export interface VectorCall {
  readonly op: BinaryOp;
  readonly lhs: StepStream;
  readonly rhs: StepStream;
  readonly matching: VectorMatching;
  readonly returnBool: boolean;
  /** Place of the operation. */
  readonly position: Position;
}

/**
 * Holds the "one" side by match key and streams the "many" side past it. Results are streamed
 * too where their labels cannot meet again, else they are merged by labels.
 */
export function binaryVectors(call: VectorCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const swapped = call.matching.card === "one-to-many";
  const [many, one] = swapped ? [call.rhs, call.lhs] : [call.lhs, call.rhs];
  // As in Prometheus, the sides of fill modifiers are those after the swap.
  const { fillLeft: manyFill, fillRight: oneFill } = call.matching;
  const join: Join = { call, grid, ctx, swapped, many, one, manyFill, oneFill };
  return {
    metricName: resultName(join),
    async *batches() {
      const oneSide = await readOneSide(join);
      yield* hasUniqueResults(join) ? streamResults(join, oneSide) : mergeResults(join, oneSide);
      releaseAll(oneSide.held, grid.count, ctx);
    },
  };
}

interface Join {
  readonly call: VectorCall;
  readonly grid: StepGrid;
  readonly ctx: EvalContext;
  /** True when the left side is the "one" side. */
  readonly swapped: boolean;
  readonly many: StepStream;
  readonly one: StepStream;
  /** What stands in for a series that the "many" side lacks, if anything. */
  readonly manyFill: number | undefined;
  /** The same for the "one" side. */
  readonly oneFill: number | undefined;
}

function resultName({ call, ctx, many, manyFill }: Join): string | undefined {
  const { on, labels, card, include } = call.matching;
  if (include.includes("__name__")) return undefined;
  if (isArithmetic(call.op)) return "";
  if (call.returnBool && !ctx.features.delayedNameRemoval) return "";
  if (card === "one-to-one" && on && !labels.includes("__name__")) return "";
  return manyFill === undefined ? many.metricName : undefined;
}

/** True when each series of the many side has its own match key or its own result labels. */
function hasUniqueResults({ call, many, manyFill, oneFill }: Join): boolean {
  const { on, labels, card, include } = call.matching;
  if (manyFill !== undefined || oneFill !== undefined) return false;
  if (many.metricName === undefined || include.length > 0) return false;
  return card !== "one-to-one" || (!on && labels.length === 0);
}

/** Series of the "one" side with one match key, and what has matched them. */
interface MatchGroup {
  readonly members: StepColumn[];
  /** Steps at which any member stands, once there are several. */
  present?: Presence | undefined;
  /** One-to-one: steps at which a series of the many side was found. */
  matched: Presence | undefined;
  /** Many-to-one: the same by result labels. */
  readonly matchedByLabels: Map<string, Presence>;
}

interface OneSide {
  readonly held: readonly StepColumn[];
  readonly groups: Map<string, MatchGroup>;
  /** Steps at which two series of a group meet, which must not be; undefined: there are none. */
  readonly conflicts: Presence | undefined;
}

async function readOneSide({ call, grid, ctx, one }: Join): Promise<OneSide> {
  const held = await holdAll(one, grid.count, ctx);
  const keyOf = matchKey(call.matching);
  const groups = new Map<string, MatchGroup>();
  let conflicts: Presence | undefined;
  for (const series of held) {
    const key = keyOf(series.labels);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { members: [series], matched: undefined, matchedByLabels: new Map() });
      continue;
    }
    group.present ??= group.members[0]?.present.slice() ?? emptyPresence(grid.count);
    if (intersects(group.present, series.present)) {
      conflicts ??= emptyPresence(grid.count);
      unite(
        conflicts,
        group.present.map((word, i) => word & series.present[i]!),
      );
    }
    unite(group.present, series.present);
    group.members.push(series);
  }
  return { held, groups, conflicts };
}

async function* streamResults(join: Join, oneSide: OneSide): AsyncIterable<StepBatch> {
  const { grid } = join;
  const keyOf = matchKey(join.call.matching);
  const labelsOf = createResultLabels(join);
  const compute = createCompute(join);
  const builder = createBatchBuilder(grid.count);
  for await (const batch of checkedMany(join, oneSide)) {
    for (const series of batch.series) {
      const group = oneSide.groups.get(keyOf(series.labels));
      if (group === undefined) continue;
      const column = builder.column();
      for (const member of group.members) compute(series, member, column);
      if (isEmpty(column.present)) continue;
      column.labels = labelsOf(series.labels, group.members[0] as StepColumn);
      column.dropName = isDroppedLater(join);
      builder.commit();
      if (builder.isFull()) yield builder.take();
    }
  }
  if (!builder.isEmpty()) yield builder.take();
}

async function* mergeResults(join: Join, oneSide: OneSide): AsyncIterable<StepBatch> {
  const keyOf = matchKey(join.call.matching);
  const { merger, add } = createPairMerger(join);
  const fillOne = fillerOf(join, join.oneFill);
  for await (const batch of checkedMany(join, oneSide)) {
    for (const series of batch.series) {
      const key = keyOf(series.labels);
      let group = oneSide.groups.get(key);
      if (group === undefined) {
        if (fillOne === undefined) continue;
        group = { members: [], matched: undefined, matchedByLabels: new Map() };
        oneSide.groups.set(key, group);
      }
      for (const member of group.members) add(group, series, member);
      const filled = fillOne?.(series, group.members);
      if (filled !== undefined) add(group, series, filled);
    }
  }
  const fillMany = fillerOf(join, join.manyFill);
  if (fillMany !== undefined) {
    for (const group of oneSide.groups.values()) {
      const met = [...group.matchedByLabels.values(), ...(group.matched ? [group.matched] : [])];
      const taken = met.map((present) => ({ present: present.slice() }));
      for (const member of group.members) {
        const filled = fillMany(member, taken);
        if (filled !== undefined) add(group, filled, member);
      }
    }
  }
  yield* merger.batches();
}

function fillerOf({ call, grid }: Join, value: number | undefined): Filler | undefined {
  if (value === undefined) return undefined;
  return createFiller({ value, stepCount: grid.count, labelsOf: matchLabels(call.matching) });
}

interface PairMerger {
  readonly merger: SeriesMerger;
  /** Adds what a pair gives to the results. */
  add(group: MatchGroup, many: StepSeries, one: StepSeries): void;
}

function createPairMerger(join: Join): PairMerger {
  const { grid, ctx } = join;
  const labelsOf = createResultLabels(join);
  const compute = createCompute(join);
  const builder = createBatchBuilder(grid.count);
  const merger = new SeriesMerger(grid.count, ctx);
  return {
    merger,
    add(group, many, one) {
      const column = builder.column();
      column.labels = labelsOf(many.labels, one);
      column.dropName = isDroppedLater(join);
      noteMatch({ join, group, labels: column.labels }, many, one);
      compute(many, one, column);
      if (!isEmpty(column.present)) merger.add(column);
    },
  };
}

/**
 * The many side, after a look for steps at which the one side has two series of one key. The
 * error tells of the first such step, for which the many side is read to its end.
 */
async function* checkedMany(join: Join, oneSide: OneSide): AsyncIterable<StepBatch> {
  const { conflicts } = oneSide;
  if (conflicts !== undefined && join.manyFill !== undefined) {
    throw duplicateSeriesError(join, oneSide, conflicts);
  }
  const seen = emptyPresence(join.grid.count);
  for await (const batch of join.many.batches()) {
    await checkpoint(join.ctx);
    if (conflicts !== undefined) {
      for (const series of batch.series) unite(seen, series.present);
      if (intersects(conflicts, seen)) continue;
    }
    yield batch;
  }
  if (conflicts === undefined || !intersects(conflicts, seen)) return;
  const present = conflicts.map((word, i) => word & seen[i]!);
  throw duplicateSeriesError(join, oneSide, present);
}

/** The error of the first of the steps: its first two series of one key. */
function duplicateSeriesError(
  { call, grid, swapped }: Join,
  { held }: OneSide,
  steps: Presence,
): Error {
  let step = 0;
  while (step < grid.count && !isPresent(steps, step)) step++;
  const keyOf = matchKey(call.matching);
  const firsts = new Map<string, Labels>();
  for (const { labels, present } of held) {
    if (!isPresent(present, step)) continue;
    const key = keyOf(labels);
    const first = firsts.get(key);
    if (first !== undefined) return sameGroupError(call, swapped, [first, labels]);
    firsts.set(key, labels);
  }
  assert(false, "series that meet do so at a step");
}

function sameGroupError(
  { matching }: VectorCall,
  swapped: boolean,
  pair: readonly [Labels, Labels],
): Error {
  const group = printLabels(matchLabels(matching)(pair[0]));
  const both = [...pair].sort(compareLabels).map(printLabels).join(", ");
  return executionError(
    `found duplicate series for the match group ${group} on the ${swapped ? "left" : "right"} ` +
      `hand-side of the operation: [${both}];many-to-many matching not allowed: ` +
      "matching labels must be unique on one side",
  );
}

interface MatchNote {
  readonly join: Join;
  readonly group: MatchGroup;
  /** Labels of the result. */
  readonly labels: Labels;
}

/** Remembers that two series met and refuses a second meeting at the same step. */
function noteMatch({ join, group, labels }: MatchNote, many: StepSeries, one: StepSeries): void {
  const met = many.present.map((word, i) => word & one.present[i]!);
  if (isEmpty(met)) return;
  if (join.call.matching.card === "one-to-one") {
    if (group.matched !== undefined && intersects(group.matched, met)) {
      throw executionError(
        "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
      );
    }
    group.matched ??= emptyPresence(join.grid.count);
    unite(group.matched, met);
    return;
  }
  const key = labelsKey(labels);
  const matched = group.matchedByLabels.get(key);
  if (matched === undefined) {
    group.matchedByLabels.set(key, met);
    return;
  }
  if (intersects(matched, met)) {
    throw executionError("multiple matches for labels: grouping labels must ensure unique matches");
  }
  unite(matched, met);
}

function isDroppedLater({ call, ctx }: Join): boolean {
  return call.returnBool && ctx.features.delayedNameRemoval;
}

/** Labels of a result: those of the many side, cut and completed as the matching says. */
function createResultLabels({ call, ctx }: Join): (many: Labels, one: StepSeries) => Labels {
  const { card, on, labels: names, include } = call.matching;
  const matched = new Set(names);
  const included = new Set(include);
  const dropsName = isArithmetic(call.op) || (call.returnBool && !ctx.features.delayedNameRemoval);
  const cut = (labels: Labels): Labels => {
    const named = dropsName ? withoutName(labels) : labels;
    if (card !== "one-to-one") return named;
    return on ? keepOnly(named, matched) : without(named, (name) => matched.has(name));
  };
  if (include.length === 0) return cut;
  return (many, one) => {
    const kept = without(cut(many), (name) => included.has(name));
    const added = include
      .map((name) => [name, labelValue(one.labels, name)] as const)
      .filter(([, value]) => value !== "");
    return added.length === 0 ? kept : withLabels(kept, added);
  };
}

/** The same where one side has histograms, or where the operator is for histograms only. */
function computeMixed(
  { lhs, rhs }: { readonly lhs: StepSeries; readonly rhs: StepSeries },
  { call, grid, ctx }: Join,
  out: StepColumn,
): void {
  const { op, position, returnBool } = call;
  const operation = isTrim(op) ? undefined : scalarOperation(op);
  for (let step = 0; step < grid.count; step++) {
    if (!isPresent(lhs.present, step) || !isPresent(rhs.present, step)) continue;
    const left = lhs.histograms?.[step] ?? lhs.values[step]!;
    const right = rhs.histograms?.[step] ?? rhs.values[step]!;
    if (typeof left === "number" && typeof right === "number" && operation !== undefined) {
      const value = operation(left, right);
      if (isArithmetic(op) || returnBool) setSample(out, step, value);
      else if (value === 1) setSample(out, step, left);
      continue;
    }
    const result = histogramOperation(left, right, { op, position, ctx });
    if (typeof result !== "boolean") setSample(out, step, result);
    else if (returnBool) setSample(out, step, Number(result));
    else if (result) setSample(out, step, left);
  }
}

/** Computes the steps at which both have a value into a column. */
function createCompute(join: Join): (many: StepSeries, one: StepSeries, out: StepColumn) => void {
  const { call, swapped, grid } = join;
  const arithmetic = isArithmetic(call.op) ? arithmeticOf(call.op) : undefined;
  const compares = arithmetic === undefined && !isTrim(call.op);
  const compare = compares ? comparisonOf(call.op) : undefined;
  return (many, one, out) => {
    const [lhs, rhs] = swapped ? [one, many] : [many, one];
    if (lhs.histograms !== undefined || rhs.histograms !== undefined || isTrim(call.op)) {
      computeMixed({ lhs, rhs }, join, out);
      return;
    }
    for (let step = 0; step < grid.count; step++) {
      if (!isPresent(lhs.present, step) || !isPresent(rhs.present, step)) continue;
      const left = lhs.values[step]!;
      const right = rhs.values[step]!;
      if (arithmetic !== undefined) {
        out.values[step] = arithmetic(left, right);
      } else {
        const holds = (compare as NonNullable<typeof compare>)(left, right);
        if (!holds && !call.returnBool) continue;
        out.values[step] = call.returnBool ? Number(holds) : left;
      }
      setPresent(out.present, step);
    }
  };
}
