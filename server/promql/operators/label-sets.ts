import {
  type Labels,
  labelsFrom,
  labelValue,
  metricNameLabel,
  noLabels,
  quote,
} from "../../model/index.ts";

/** The labels without those that say what a metric is: its name, type and unit. */
export function withoutName(labels: Labels): Labels {
  for (let i = 0; i < labels.length; i += 2) {
    if (!isMetadata(labels[i] as string)) continue;
    // Mostly the name comes first and is all there is to drop.
    const isAlone = labels[i + 2] === undefined || !isMetadata(labels[i + 2] as string);
    return i === 0 && isAlone ? withoutFirst(labels) : without(labels, isMetadata);
  }
  return labels;
}

function withoutFirst(labels: Labels): Labels {
  const rest = labels.slice(2);
  return without(rest, isMetadata);
}

/** The labels whose names `drops` does not hold for. Returns the same array when all stay. */
export function without(labels: Labels, drops: (name: string) => boolean): Labels {
  let kept: string[] | undefined;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string;
    if (drops(name)) kept ??= labels.slice(0, i);
    else if (kept !== undefined) kept.push(name, labels[i + 1] as string);
  }
  return kept ?? labels;
}

/** The labels with names in `names`. */
export function keepOnly(labels: Labels, names: ReadonlySet<string>): Labels {
  if (names.size === 0) return noLabels;
  return without(labels, (name) => !names.has(name));
}

/** The labels with others set; an empty value takes a label away. */
export function withLabels(labels: Labels, added: Iterable<readonly [string, string]>): Labels {
  const pairs: (readonly [string, string])[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    pairs.push([labels[i] as string, labels[i + 1] as string]);
  }
  return labelsFrom([...pairs, ...added]);
}

/** Metric name of a series, "" when it has none. */
export function metricNameOf(labels: Labels): string {
  return labelValue(labels, metricNameLabel);
}

/** Writes labels as error texts show them, the metric name as a label among the others. */
export function printLabels(labels: Labels): string {
  const parts: string[] = [];
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string;
    parts.push(`${legacyName.test(name) ? name : quote(name)}=${quote(labels[i + 1] as string)}`);
  }
  return `{${parts.join(", ")}}`;
}

const legacyName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function isMetadata(name: string): boolean {
  if (!name.startsWith("__")) return false;
  return name === metricNameLabel || name === "__type__" || name === "__unit__";
}
