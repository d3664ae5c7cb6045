import { type Expr, printExpr } from "../../../server/promql/index.ts";
import { dropParens } from "../../../server/promql/plan/drop-parens.ts";
import { markStepInvariant } from "../../../server/promql/plan/step-invariant.ts";
import type { Answer } from "./answers.ts";

/**
 * What Prometheus changed between 3.5, which is asked, and 3.14, which is followed: each with
 * what changed and the narrowest rule that matches. Nothing else may differ.
 */
export interface Change {
  /** The line of the changelog, or what the later version does where it has none. */
  readonly changed: string;
  /** Whether this change alone explains a difference. */
  readonly explains: (found: FoundDifference) => boolean;
}

/** Two answers to one query that differ, though those to each of its parts do not. */
export interface FoundDifference {
  readonly expr: Expr;
  /** As `difference` says it. */
  readonly text: string;
  readonly ours: Answer;
  readonly theirs: Answer;
}

/** Both lists of remarks of a difference. */
function remarksOf(
  difference: string,
): readonly [readonly string[], readonly string[]] | undefined {
  const found = /^(?:infos|warnings) (\[.*\]) instead of (\[.*\])$/.exec(difference);
  if (found === null) return undefined;
  return [JSON.parse(found[1] ?? ""), JSON.parse(found[2] ?? "")] as [string[], string[]];
}

/** True when the remarks are the same once `later` and `earlier` have made them alike. */
function sameRemarks(
  difference: string,
  [later, earlier]: readonly [(text: string) => string, (text: string) => string],
): boolean {
  const [ours, theirs] = remarksOf(difference) ?? [[], ["other"]];
  const a = new Set(ours.map(later));
  const b = new Set(theirs.map(earlier));
  return a.size === b.size && [...a].every((text) => b.has(text));
}

/** An error about two series that one series matches, in its parts. */
interface SameGroup {
  readonly group: string;
  readonly side: string;
  readonly pair: readonly string[];
}

function sameGroupOf(error: string | undefined): SameGroup | undefined {
  const found =
    /^found duplicate series for the match group \{(.*?)\} on the (left|right) hand-side of the operation: \[(\{.*\}|[^{]*\{.*\}), (.*\{.*\})\];/.exec(
      error ?? "",
    );
  if (found === null) return undefined;
  const [, group = "", side = "", first = "", second = ""] = found;
  return { group, side, pair: [first, second].sort() };
}

/** Pairs that both stand in the group they name; a selector's own order leaves no choice. */
function areOtherPairs({ expr, ours, theirs }: FoundDifference): boolean {
  const [a, b] = [sameGroupOf(ours.error), sameGroupOf(theirs.error)];
  if (expr.kind !== "binary" || a === undefined || b === undefined) return false;
  const input = a.side === "left" ? expr.lhs : expr.rhs;
  const isWithin = ({ group, pair }: SameGroup): boolean =>
    group
      .split(", ")
      .filter((label) => label !== "")
      .every((label) => pair.every((series) => series.includes(label)));
  if (a.side !== b.side || !isWithin(a) || !isWithin(b)) return false;
  return (
    input.kind !== "vector-selector" || (a.group === b.group && a.pair.join() === b.pair.join())
  );
}

/** The values at each time, whichever series they belong to. */
function valuesByTime({ series }: Answer): string {
  const byTime = new Map<number, string[]>();
  for (const { times, texts } of series) {
    for (const [i, time] of times.entries()) {
      byTime.set(time, [...(byTime.get(time) ?? []), texts[i] as string]);
    }
  }
  const rows = [...byTime].map(([time, texts]) => `${time}: ${texts.sort().join(" ")}`);
  return rows.sort().join("\n");
}

/** True when both have the same samples but for some that are NaN in the second. */
function onlyNaNDiffers(first: Answer, second: Answer): boolean {
  const found = new Map(first.series.map((series) => [series.key, series]));
  if (first.error !== undefined || first.series.length !== second.series.length) return false;
  return second.series.every(({ key, times, texts }) => {
    const series = found.get(key);
    if (series?.times.length !== times.length) return false;
    return texts.every((text, i) => text === "NaN" || text === series.texts[i]);
  });
}

const isAggregate = (expr: Expr, names: readonly string[]): boolean =>
  expr.kind === "aggregate" && names.includes(expr.op);

/** An aggregation whose parameter may change from step to step, and whose input may not. */
function changesParameterOnly(expr: Expr): boolean {
  if (expr.kind !== "aggregate" || expr.param === undefined) return false;
  const input = markStepInvariant(dropParens(expr.expr));
  const param = markStepInvariant(dropParens(expr.param));
  return input.kind === "step-invariant" && param.kind !== "number";
}

const isCall = (expr: Expr, name: string): boolean => expr.kind === "call" && expr.func === name;

const comparisons = ["==", "!=", "<", ">", "<=", ">="];

/** All known changes. */
export const changesSince35: readonly Change[] = [
  {
    changed:
      "no line of the changelog: which pair of series an error about matching names follows the " +
      "order of the series, which is chance in 3.5 wherever an operation has made them; 3.14 " +
      "sorts the pair",
    explains: areOtherPairs,
  },
  {
    changed:
      "no line of the changelog: which of equal samples is picked follows the order of the " +
      "series as well",
    explains: ({ expr, ours, theirs }) =>
      isAggregate(expr, ["topk", "bottomk", "limitk"]) &&
      ours.error === undefined &&
      valuesByTime(ours) === valuesByTime(theirs),
  },
  {
    changed:
      "3.7.0: Avoid empty metric names in annotations for `histogram_quantile()`. #16794; " +
      "3.10.0: Add more detail to histogram quantile monotonicity info annotations. #15578",
    explains: ({ text }) =>
      sameRemarks(text, [
        (remark) =>
          remark
            .replace(/, from buckets .* to \S+Z \(/, " (")
            .replace(/(#histogram_quantile\)) for metric name ".*" \(/, "$1 ("),
        (remark) =>
          remark.replace(
            /(#histogram_quantile\)|malformed value of "[^"]*") for metric name ".*" \(/,
            "$1 (",
          ),
      ]),
  },
  {
    changed:
      "3.6.0: Fail when `NaN` is passed as parameter to `topk()`, `bottomk()`, `limitk()` and " +
      "`limit_ratio()`. #16725",
    explains: ({ expr, ours, theirs }) =>
      isAggregate(expr, ["topk", "bottomk", "limitk", "limit_ratio"]) &&
      /^(Parameter|Ratio) value is NaN$/.test(ours.error ?? "") &&
      [undefined, "Scalar value NaN overflows int64"].includes(theirs.error),
  },
  {
    changed:
      "no line of the changelog: the parameter of an aggregation over what @ fixes was that of " +
      "the first step",
    explains: ({ expr, theirs }) => theirs.type === "matrix" && changesParameterOnly(expr),
  },
  {
    changed:
      "3.8.0: Fix `histogram_fraction` for classic histograms and NHCB if lower bound is in the " +
      "first bucket. #17424",
    explains: ({ expr, ours, theirs }) =>
      isCall(expr, "histogram_fraction") && onlyNaNDiffers(ours, theirs),
  },
  {
    changed:
      "no line of the changelog, but a test of 3.14: mad_over_time is NaN where a sample is, " +
      "which 3.5 drops",
    explains: ({ expr, ours, theirs }) =>
      isCall(expr, "mad_over_time") && onlyNaNDiffers(theirs, ours),
  },
  {
    changed:
      "3.9.0: Check more consistently for many-to-one matching in filter binary operators. #17668",
    explains: ({ expr, ours, theirs }) =>
      expr.kind === "binary" &&
      comparisons.includes(expr.op) &&
      !expr.returnBool &&
      theirs.error === undefined &&
      /^multiple matches for labels: /.test(ours.error ?? ""),
  },
  {
    changed:
      "3.9.0: Fix collision in unary negation with non-overlapping series. #17708; " +
      "Fix collision in label_join and label_replace with non-overlapping series. #17703",
    explains: ({ expr, ours, theirs }) =>
      (expr.kind === "unary" || /^label_(join|replace)\(/.test(printExpr(expr))) &&
      ours.error === undefined &&
      theirs.error === "vector cannot contain metrics with the same labelset",
  },
];
