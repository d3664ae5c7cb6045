import { formatGeneral, formatTwoDigits } from "./go-format.ts";
import { lineColumn } from "./parser/error.ts";
import type { Position } from "./parser/ast.ts";
import type { EvaluationOrder } from "./plan/evaluation-order.ts";

/** How bad it is: a warning means that the answer may be wrong, an info that it may surprise. */
export type AnnotationKind = "warning" | "info";

/** How far bucket counts had to be moved, and when, so that they never fall. */
export interface MonotonicityFix {
  readonly bucketMin: number;
  readonly bucketMax: number;
  readonly differenceMax: number;
  readonly timeMs: number;
}

/** One remark about the query or its data. */
export interface Annotation {
  readonly kind: AnnotationKind;
  /** The text without kind and place. */
  readonly text: string;
  readonly position: Position;
  /** Remarks of one text that carry fixes are joined into one. */
  readonly fix?: MonotonicityFix;
}

/** Remarks of one query as Prometheus prints them, in the order of their first appearance. */
export interface AnnotationTexts {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/**
 * Collects the remarks of one query. As in Prometheus the same text counts once, whatever the
 * place; the place that is evaluated last is kept.
 */
export interface Annotations {
  /** Which of two places is kept. */
  readonly order: EvaluationOrder;
  add(annotation: Annotation): void;
  /** Adds all remarks of `other`, their places moved by `shiftBytes`. */
  addAll(other: Annotations, shiftBytes: number): void;
  /** All remarks so far; those that were joined come one by one. */
  all(): readonly Annotation[];
  /** The texts, with line and column in `query`. */
  texts(query: string): AnnotationTexts;
}

interface Entry {
  annotation: Annotation;
  readonly fixes: MonotonicityFix[];
}

/** An empty collection. */
export function createAnnotations(order: EvaluationOrder): Annotations {
  const entries = new Map<string, Entry>();
  const isLater = (a: Position, b: Position): boolean => {
    if (a.start === b.start && a.end === b.end) return false;
    return order(a) - order(b) > 0 || (order(a) === order(b) && a.start > b.start);
  };
  const add = (annotation: Annotation): void => {
    const key = `${annotation.kind} ${annotation.text}`;
    const found = entries.get(key);
    const fixes = annotation.fix === undefined ? [] : [annotation.fix];
    if (found === undefined) {
      entries.set(key, { annotation, fixes });
      return;
    }
    if (isLater(annotation.position, found.annotation.position)) found.annotation = annotation;
    if (found.fixes.length < fixesMax) found.fixes.push(...fixes);
  };
  const all = (): readonly Annotation[] =>
    [...entries.values()].flatMap(({ annotation, fixes }) =>
      fixes.length === 0 ? [annotation] : fixes.map((fix) => ({ ...annotation, fix })),
    );
  return {
    order,
    add,
    addAll(other, shiftBytes) {
      for (const annotation of other.all()) {
        const { start, end } = annotation.position;
        // What a subquery gives has no place of its own.
        if (end === 0) add(annotation);
        else add({ ...annotation, position: { start: start + shiftBytes, end: end + shiftBytes } });
      }
    },
    all,
    texts(query) {
      const print = (kind: AnnotationKind): readonly string[] =>
        [...entries.values()]
          .filter((entry) => entry.annotation.kind === kind)
          .map((entry) => printEntry(entry, query));
      return { warnings: print("warning"), infos: print("info") };
    },
  };
}

/** Fixes kept per remark; the printed spread needs only extremes, and memory has a bound. */
const fixesMax = 100_000;

function printEntry({ annotation, fixes }: Entry, query: string): string {
  const { line, column } = lineColumn(query, annotation.position.start);
  const head = `PromQL ${annotation.kind}: ${annotation.text}`;
  return `${head}${printFixes(fixes)} (${line}:${column})`;
}

function printFixes(fixes: readonly MonotonicityFix[]): string {
  if (fixes.length === 0) return "";
  let { bucketMin, bucketMax, differenceMax } = fixes[0] as MonotonicityFix;
  let [fromMs, toMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const fix of fixes) {
    bucketMin = Math.min(bucketMin, fix.bucketMin);
    bucketMax = Math.max(bucketMax, fix.bucketMax);
    differenceMax = Math.max(differenceMax, fix.differenceMax);
    fromMs = Math.min(fromMs, fix.timeMs);
    toMs = Math.max(toMs, fix.timeMs);
  }
  const time = (ms: number): string =>
    `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
  return (
    `, from buckets ${formatGeneral(bucketMin)} to ${formatGeneral(bucketMax)}, ` +
    `with a max diff of ${formatTwoDigits(differenceMax)}, ` +
    `over ${fixes.length} samples from ${time(fromMs)} to ${time(toMs)}`
  );
}
