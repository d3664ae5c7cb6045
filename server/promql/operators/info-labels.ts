import {
  compileMatcher,
  type Labels,
  labelValue,
  type Matcher,
  metricNameLabel,
} from "../../model/index.ts";
import { executionError } from "../query-error.ts";
import { metricNameOf, printLabels, withLabels } from "./label-sets.ts";
import { emptyPresence, isPresent, unite } from "./presence.ts";
import type { StepColumn } from "./stream.ts";

/** Labels by which an info series belongs to a target. */
export const identifyingLabels: readonly string[] = ["instance", "job"];

/** What is known before series are enriched. */
export interface Enrichment {
  /** Info series; their values are the times of their samples in seconds. */
  readonly info: readonly StepColumn[];
  /** Series that will be enriched. */
  readonly base: readonly StepColumn[];
  /** Conditions on the labels that are added; the only labels added when there are any. */
  readonly dataMatchers: readonly Matcher[];
  readonly stepCount: number;
}

/** Info series of one name and target, with the newest one of each step, -1 where none is. */
interface Candidates {
  readonly series: readonly StepColumn[];
  readonly newest: Int32Array;
}

/** Labels at a step; undefined: nothing is to be there. The same object for equal additions. */
export type LabelsAtStep = (step: number) => Labels | undefined;

/**
 * Returns what adds to a series' labels those of its target's info series, step by step. Throws
 * when two info series contradict each other.
 */
export function createEnricher(enrichment: Enrichment): (labels: Labels) => LabelsAtStep {
  const { dataMatchers } = enrichment;
  const byTarget = findCandidates(enrichment);
  const wanted = new Set(dataMatchers.map(({ name }) => name));
  const mayBeMissing = dataMatchers.every((matcher) => compileMatcher(matcher).matches(""));
  return (labels) => {
    const candidates = byTarget.get(targetOf(labels)) ?? [];
    const known = new Map<string, Labels | undefined>();
    const picked = candidates.map(() => -2);
    let last: Labels | undefined;
    return (step) => {
      let changed = picked.length === 0;
      for (const [i, { newest }] of candidates.entries()) {
        if (picked[i] !== newest[step]!) changed = true;
        picked[i] = newest[step]!;
      }
      if (!changed) return last;
      const key = picked.join();
      if (known.has(key)) return (last = known.get(key));
      const found = candidates.flatMap(({ series }, i) => series[picked[i]!] ?? []);
      if (found.length > 0) last = combine(labels, found, wanted);
      else last = mayBeMissing ? labels : undefined;
      known.set(key, last);
      return last;
    };
  };
}

function targetOf(labels: Labels): string {
  return JSON.stringify(identifyingLabels.map((name) => labelValue(labels, name)));
}

function findCandidates({
  info,
  base,
  stepCount,
}: Enrichment): ReadonlyMap<string, readonly Candidates[]> {
  const asked = emptyPresence(stepCount);
  for (const { present } of base) unite(asked, present);
  const groups = new Map<string, StepColumn[]>();
  for (const series of info) {
    const key = JSON.stringify([metricNameOf(series.labels), targetOf(series.labels)]);
    groups.set(key, [...(groups.get(key) ?? []), series]);
  }
  const byTarget = new Map<string, Candidates[]>();
  for (const series of groups.values()) {
    const { labels } = series[0] as StepColumn;
    const newest = newestOf(series, { asked, stepCount });
    const target = targetOf(labels);
    byTarget.set(target, [...(byTarget.get(target) ?? []), { series, newest }]);
  }
  return byTarget;
}

function newestOf(
  group: readonly StepColumn[],
  { asked, stepCount }: { readonly asked: StepColumn["present"]; readonly stepCount: number },
): Int32Array {
  const newest = new Int32Array(stepCount).fill(-1);
  for (let step = 0; step < stepCount; step++) {
    if (!isPresent(asked, step)) continue;
    for (const [i, series] of group.entries()) {
      if (!isPresent(series.present, step)) continue;
      const before = group[newest[step]!];
      const [time, timeBefore] = [series.values[step]!, before?.values[step] ?? -Infinity];
      if (before !== undefined && time === timeBefore) throw duplicate(before, series, time);
      if (time > timeBefore) newest[step] = i;
    }
  }
  return newest;
}

function duplicate(before: StepColumn, series: StepColumn, timeSeconds: number): Error {
  const timeMs = Math.round(timeSeconds * 1000);
  return executionError(
    `found duplicate series for info metric: existing ${printLabels(before.labels)} @ ${timeMs}, ` +
      `new ${printLabels(series.labels)} @ ${timeMs}`,
  );
}

/** Labels that the series has already stay; what info series add must not differ. */
function combine(labels: Labels, info: readonly StepColumn[], wanted: ReadonlySet<string>): Labels {
  const added = new Map<string, string>();
  for (const one of info) {
    for (let i = 0; i < one.labels.length; i += 2) {
      const [name, value] = [one.labels[i] as string, one.labels[i + 1] as string];
      if (name === metricNameLabel || (wanted.size > 0 && !wanted.has(name))) continue;
      if (labelValue(labels, name) !== "") continue;
      if ((added.get(name) ?? value) !== value) {
        throw executionError(`conflicting label: ${name}`);
      }
      added.set(name, value);
    }
  }
  return withLabels(labels, added);
}
