import {
  addHistograms,
  bucketsFrom,
  type CounterResetHint,
  customSchema,
  emptyHistogram,
  type FloatHistogram,
  sameNumbers,
  subtractHistograms,
} from "../../../server/model/index.ts";
import { parseNumber } from "./values.ts";

/** A native histogram of a script; without a hint in its text any hint is as expected. */
export interface ScriptHistogram {
  readonly histogram: FloatHistogram;
  readonly saysHint: boolean;
}

/** Reads `{{…}}`, `{{…}}xN`, `{{…}}+{{…}}xN` and `{{…}}-{{…}}xN`. */
export function parseHistograms(item: string): readonly ScriptHistogram[] {
  const parts = /^\{\{([^}]*)\}\}(?:([-+])\{\{([^}]*)\}\})?(?:x(\d+))?$/.exec(item);
  if (parts === null) throw new Error(`not a histogram: ${item}`);
  const first = parseHistogram(parts[1] ?? "");
  const step = parts[3] === undefined ? undefined : parseHistogram(parts[3]).histogram;
  const all = [first];
  let { histogram } = first;
  const combine = parts[2] === "-" ? subtractHistograms : addHistograms;
  for (let i = 0; i < Number(parts[4] ?? 0); i++) {
    const next = step === undefined ? histogram : combine(histogram, step)?.histogram;
    if (next === undefined) throw new Error(`cannot be combined: ${item}`);
    histogram = { ...next, hint: first.histogram.hint };
    all.push({ ...first, histogram });
  }
  return all;
}

function parseHistogram(text: string): ScriptHistogram {
  const fields = new Map<string, string>();
  for (const [, name = "", list, value] of text.matchAll(/(\w+):(?:\[([^\]]*)\]|(\S+))/g)) {
    fields.set(name, list ?? value ?? "");
  }
  const number = (name: string): number => parseNumber(fields.get(name) ?? "0");
  const list = (name: string): readonly number[] =>
    (fields.get(name) ?? "").trim().split(/\s+/).filter(Boolean).map(parseNumber);
  const schema = number("schema");
  const hint = (fields.get("counter_reset_hint") ?? "unknown").replace("_", "-");
  return {
    saysHint: fields.has("counter_reset_hint"),
    histogram: {
      ...emptyHistogram,
      schema,
      zeroThreshold: schema === customSchema ? 0 : number("z_bucket_w"),
      zeroCount: number("z_bucket"),
      count: number("count"),
      sum: number("sum"),
      positive: bucketsFrom(number("offset"), list("buckets")),
      negative: bucketsFrom(number("n_offset"), list("n_buckets")),
      customBounds: list("custom_values"),
      hint: hint as CounterResetHint,
    },
  };
}

/** True when a histogram is as a script expects, numbers compared by `isClose`. */
export function isSameHistogram(
  { histogram: expected, saysHint }: ScriptHistogram,
  found: FloatHistogram,
  isClose: (a: number, b: number) => boolean,
): boolean {
  const allClose = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((value, i) => isClose(value, b[i] as number));
  return (
    (!saysHint || expected.hint === found.hint) &&
    expected.schema === found.schema &&
    sameNumbers(expected.customBounds, found.customBounds) &&
    allClose(
      [expected.count, expected.sum, expected.zeroCount, expected.zeroThreshold],
      [found.count, found.sum, found.zeroCount, found.zeroThreshold],
    ) &&
    sameNumbers(expected.positive.indices, found.positive.indices) &&
    sameNumbers(expected.negative.indices, found.negative.indices) &&
    allClose(expected.positive.counts, found.positive.counts) &&
    allClose(expected.negative.counts, found.negative.counts)
  );
}
