/**
 * A label set as one flat array: name, value, name, value, … sorted by name in UTF-8 byte
 * order, names unique, no empty values. Immutable by convention: whoever needs a change makes
 * a new one. The metric name is the label `__name__`.
 */
export type Labels = readonly string[];

/** Name of the label that holds the metric name. */
export const metricNameLabel = "__name__";

/** The empty label set. */
export const noLabels: Labels = [];

/**
 * Orders strings by their UTF-8 bytes, as Go and Prometheus do. JavaScript's own order is by
 * UTF-16 units and differs where surrogates meet U+E000 to U+FFFF.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates above all other units: they stand for code points from U+10000 on. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Value of `name`, or the empty string when the label is absent. */
export function labelValue(labels: Labels, name: string): string {
  for (let i = 0; i < labels.length; i += 2) {
    if (labels[i] === name) return labels[i + 1] as string;
  }
  return "";
}

/** Makes a label set from pairs in any order; pairs with an empty value are left out, of several with one name the last holds. */
export function labelsFrom(pairs: Iterable<readonly [string, string]>): Labels {
  const last = new Map<string, string>();
  for (const [name, value] of pairs) last.set(name, value);
  return [...last]
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => compareUtf8(a, b))
    .flat();
}

const keySeparator = "\xff";

/**
 * A text that is equal exactly for equal label sets; for maps, not for people. Labels may hold
 * the separator too: such a key begins with it, as no other does, and tells the lengths first.
 */
export function labelsKey(labels: Labels): string {
  const key = labels.join(keySeparator);
  let separators = 0;
  for (let at = key.indexOf(keySeparator); at >= 0; at = key.indexOf(keySeparator, at + 1)) {
    separators++;
  }
  if (separators < labels.length || labels.length === 0) return key;
  const lengths = labels.map((text) => text.length).join();
  return [keySeparator, lengths, keySeparator, key].join("");
}

/** Orders label sets as Prometheus sorts them: pair by pair, a prefix first. */
export function compareLabels(a: Labels, b: Labels): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const order = compareUtf8(a[i] as string, b[i] as string);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const legacyLabelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const legacyMetricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Writes a label set as Prometheus prints it: name{a="b"}, with quotes where UTF-8 names need them. */
export function formatLabels(labels: Labels): string {
  const name = labelValue(labels, metricNameLabel);
  const quoted = name !== "" && !legacyMetricName.test(name);
  const parts: string[] = quoted ? [quote(name)] : [];
  for (let i = 0; i < labels.length; i += 2) {
    const label = labels[i] as string;
    if (label === metricNameLabel) continue;
    const text = legacyLabelName.test(label) ? label : quote(label);
    parts.push(`${text}=${quote(labels[i + 1] as string)}`);
  }
  const head = quoted ? "" : name;
  return parts.length === 0 && head !== "" ? head : `${head}{${parts.join(", ")}}`;
}

/** Quotes as Go's strconv.Quote does for printable text. */
export function quote(text: string): string {
  return JSON.stringify(text);
}
