import { type Labels, labelsKey, labelValue, metricNameLabel } from "../../model/index.ts";
import { keepOnly, without } from "./label-sets.ts";

/** Which labels decide what belongs together: those named, or all but those named. */
export interface Grouping {
  readonly labels: readonly string[];
  readonly without: boolean;
}

/** The labels by which a series is grouped; `without` always leaves the metric name out too. */
export function groupLabels(grouping: Grouping): (labels: Labels) => Labels {
  const names = new Set(grouping.labels);
  if (!grouping.without) return (labels) => keepOnly(labels, names);
  names.add(metricNameLabel);
  return (labels) => without(labels, (name) => names.has(name));
}

/** Something per group, made when its first series comes. Groups keep that order. */
export interface Groups<T> {
  of(labels: Labels): T;
  readonly all: readonly { readonly labels: Labels; readonly value: T }[];
}

/** Sorts series into groups. Keys are compared in full, so no two groups ever merge. */
export function createGroups<T>(grouping: Grouping, create: (labels: Labels) => T): Groups<T> {
  const reduce = groupLabels(grouping);
  const keyOf = groupKey(grouping, reduce);
  const byKey = new Map<string, T>();
  const all: { labels: Labels; value: T }[] = [];
  return {
    of(labels) {
      const key = keyOf(labels);
      const found = byKey.get(key);
      if (found !== undefined) return found;
      const reduced = reduce(labels);
      const value = create(reduced);
      byKey.set(key, value);
      all.push({ labels: reduced, value });
      return value;
    },
    all,
  };
}

/**
 * A text that is the same exactly for series of one group. Grouping by a few labels needs no
 * label set for it: the values alone tell, where a missing label is the empty value.
 */
function groupKey(
  { labels: names, without: isWithout }: Grouping,
  reduce: (labels: Labels) => Labels,
): (labels: Labels) => string {
  if (isWithout) return (labels) => labelsKey(reduce(labels));
  const [only] = names;
  if (only === undefined) return () => "";
  if (names.length === 1) return (labels) => labelValue(labels, only);
  return (labels) => {
    let key = "";
    for (const name of names) {
      const value = labelValue(labels, name);
      key += `${value.length}:${value}`;
    }
    return key;
  };
}

/** The metric name that results of a grouping have: none, unless it is grouped by. */
export function groupedName(grouping: Grouping): string | undefined {
  return !grouping.without && grouping.labels.includes(metricNameLabel) ? undefined : "";
}
