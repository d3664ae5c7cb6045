/** The notation for the values of a series: `1 2+3x4 _x3 stale {{…}}`. */

import { parseHistograms, type ScriptHistogram } from "./histograms.ts";

/** A value, nothing at that step, a staleness marker, or a native histogram. */
export type ScriptValue = number | "absent" | "stale" | ScriptHistogram;

/** The values step by step. Throws on what the notation does not know. */
export function parseValues(text: string): readonly ScriptValue[] {
  const values: ScriptValue[] = [];
  for (const item of splitItems(text)) values.push(...parseItem(item));
  return values;
}

/** Splits at blanks outside of histograms, whose text has blanks of its own. */
function splitItems(text: string): readonly string[] {
  return text.match(/(?:[^\s{}]*\{\{[^}]*\}\}[^\s{}]*)+|\S+/g) ?? [];
}

const number = "[-+]?(?:[\\d.]+(?:[eE][-+]?\\d+)?|[iI]nf|NaN|nan|0x[\\da-fA-F]+)";
const repeated = new RegExp(`^(${number})x(\\d+)$`);
const series = new RegExp(`^(${number})([-+](?:[\\d.]+(?:[eE][-+]?\\d+)?))x(\\d+)$`);

function parseItem(item: string): readonly ScriptValue[] {
  if (item.includes("{{")) return parseHistograms(item);
  const absent = /^_(?:x(\d+))?$/.exec(item);
  if (absent !== null) return new Array<ScriptValue>(Number(absent[1] ?? 1)).fill("absent");
  const stale = /^stale(?:x(\d+))?$/.exec(item);
  if (stale !== null) return new Array<ScriptValue>(Number(stale[1] ?? 0) + 1).fill("stale");
  const same = repeated.exec(item);
  if (same !== null) {
    return new Array<ScriptValue>(Number(same[2]) + 1).fill(parseNumber(same[1] as string));
  }
  const growing = series.exec(item);
  if (growing === null) return [parseNumber(item)];
  const values: number[] = [];
  // The step is added again and again, as Prometheus does, rounding included.
  let value = parseNumber(growing[1] as string);
  for (let i = 0; i <= Number(growing[3]); i++) {
    values.push(value);
    value += Number(growing[2]);
  }
  return values;
}

/** A number as Go reads it. */
export function parseNumber(text: string): number {
  if (/^[+]?inf(inity)?$/i.test(text)) return Infinity;
  if (/^-inf$/i.test(text)) return -Infinity;
  const value = Number(text);
  if (Number.isNaN(value) && !/^[-+]?nan$/i.test(text)) throw new Error(`not a number: ${text}`);
  return value;
}
