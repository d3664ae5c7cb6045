import { compareLabels, type Labels, labelsKey, labelValue } from "../../model/index.ts";
import { arithmeticOf, comparisonOf, isArithmetic } from "../arithmetic.ts";
import type { BinaryOp, VectorMatching } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import { holdAll, releaseAll, SeriesMerger } from "./held-series.ts";
import { keepOnly, printLabels, withLabels, without, withoutName } from "./label-sets.ts";
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
}

/**
 * Holds the "one" side by match key and streams the "many" side past it. Results are streamed
 * too where their labels cannot meet again, else they are merged by labels.
 */
export function binaryVectors(call: VectorCall, grid: StepGrid, ctx: EvalContext): StepStream {
  const swapped = call.matching.card === "one-to-many";
  const [many, one] = swapped ? [call.rhs, call.lhs] : [call.lhs, call.rhs];
  const join: Join = { call, grid, ctx, swapped, many, one };
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
}

function resultName({ call, ctx, many }: Join): string | undefined {
  const { on, labels, card, include } = call.matching;
  if (include.includes("__name__")) return undefined;
  if (isArithmetic(call.op)) return "";
  if (call.returnBool && !ctx.features.delayedNameRemoval) return "";
  if (card === "one-to-one" && on && !labels.includes("__name__")) return "";
  return many.metricName;
}

/** True when each series of the many side has its own match key or its own result labels. */
function hasUniqueResults({ call, many }: Join): boolean {
  const { on, labels, card, include } = call.matching;
  if (many.metricName === undefined || include.length > 0) return false;
  return card !== "one-to-one" || (!on && labels.length === 0);
}

/** Series of the "one" side with one match key, and what has matched them. */
interface MatchGroup {
  readonly members: StepColumn[];
  /** One-to-one: steps at which a series of the many side was found. */
  matched: Presence | undefined;
  /** Many-to-one: the same by result labels. */
  readonly matchedByLabels: Map<string, Presence>;
}

/** Two series of the "one" side that meet at steps where they must not. */
interface Conflict {
  readonly present: Presence;
  readonly first: Labels;
  readonly second: Labels;
}

interface OneSide {
  readonly held: readonly StepColumn[];
  readonly groups: ReadonlyMap<string, MatchGroup>;
  readonly conflicts: readonly Conflict[];
}

async function readOneSide({ call, grid, ctx, one }: Join): Promise<OneSide> {
  const held = await holdAll(one, grid.count, ctx);
  const keyOf = matchKey(call.matching);
  const groups = new Map<string, MatchGroup>();
  const conflicts: Conflict[] = [];
  for (const series of held) {
    const key = keyOf(series.labels);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { members: [series], matched: undefined, matchedByLabels: new Map() });
      continue;
    }
    for (const member of group.members) {
      if (!intersects(member.present, series.present)) continue;
      const present = member.present.map((word, i) => word & series.present[i]!);
      conflicts.push({ present, first: member.labels, second: series.labels });
      break;
    }
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
  const { grid, ctx, call } = join;
  const keyOf = matchKey(call.matching);
  const labelsOf = createResultLabels(join);
  const compute = createCompute(join);
  const builder = createBatchBuilder(grid.count);
  const merger = new SeriesMerger(grid.count, ctx);
  for await (const batch of checkedMany(join, oneSide)) {
    for (const series of batch.series) {
      const group = oneSide.groups.get(keyOf(series.labels));
      if (group === undefined) continue;
      for (const member of group.members) {
        const column = builder.column();
        column.labels = labelsOf(series.labels, member);
        column.dropName = isDroppedLater(join);
        noteMatch({ join, group, labels: column.labels }, series, member);
        compute(series, member, column);
        if (!isEmpty(column.present)) merger.add(column);
      }
    }
  }
  yield* merger.batches();
}

/** The many side, after a look for steps at which the one side has two series of one key. */
async function* checkedMany(join: Join, { conflicts }: OneSide): AsyncIterable<StepBatch> {
  const seen = emptyPresence(join.grid.count);
  for await (const batch of join.many.batches()) {
    await checkpoint(join.ctx);
    if (conflicts.length > 0) {
      for (const series of batch.series) unite(seen, series.present);
      const conflict = conflicts.find(({ present }) => intersects(present, seen));
      if (conflict !== undefined) throw duplicateSeriesError(join, conflict);
    }
    yield batch;
  }
}

function duplicateSeriesError({ call, swapped }: Join, { first, second }: Conflict): Error {
  const group = printLabels(matchLabels(call.matching)(first));
  const pair = [first, second].sort(compareLabels).map(printLabels).join(", ");
  return executionError(
    `found duplicate series for the match group ${group} on the ${swapped ? "left" : "right"} ` +
      `hand-side of the operation: [${pair}];many-to-many matching not allowed: ` +
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

/** Computes the steps at which both have a value into a column. */
function createCompute(join: Join): (many: StepSeries, one: StepSeries, out: StepColumn) => void {
  const { call, swapped, grid } = join;
  const arithmetic = isArithmetic(call.op) ? arithmeticOf(call.op) : undefined;
  const compare = arithmetic === undefined ? comparisonOf(call.op) : undefined;
  return (many, one, out) => {
    const [lhs, rhs] = swapped ? [one, many] : [many, one];
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
