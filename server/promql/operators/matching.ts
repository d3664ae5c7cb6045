import { type Labels, labelsKey, metricNameLabel } from "../../model/index.ts";
import type { VectorMatching } from "../parser/index.ts";
import { keepOnly, without } from "./label-sets.ts";

/** The labels by which series of two vectors find each other. */
export function matchLabels(matching: VectorMatching): (labels: Labels) => Labels {
  const names = new Set(matching.labels);
  if (matching.on) return (labels) => keepOnly(labels, names);
  names.add(metricNameLabel);
  return (labels) => without(labels, (name) => names.has(name));
}

/** The key that is equal exactly for series that match each other. */
export function matchKey(matching: VectorMatching): (labels: Labels) => string {
  const reduce = matchLabels(matching);
  return (labels) => labelsKey(reduce(labels));
}
