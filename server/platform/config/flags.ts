import { parseArgs } from "node:util";
import { nearestName } from "./nearest.ts";
import type { OptionPlace } from "./option.ts";

/**
 * Reads `--name=value`, `--name value` and, for truth values, `--name`. A name may come once;
 * a second one is a problem, because which of them would win is a matter of taste.
 */
export function parseFlags(
  places: readonly OptionPlace[],
  args: readonly string[],
  problems: string[],
): Map<string, string> {
  const types = new Map(places.map(({ option }) => [option.flag, flagType(option.default)]));
  const { tokens } = parseArgs({
    args: args.map(withTwoDashes),
    options: Object.fromEntries([...types].map(([flag, type]) => [flag, { type }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      problems.push(`unexpected argument ${JSON.stringify(token.value)}`);
    } else if (!types.has(token.name)) {
      problems.push(unknownFlag(token.rawName, types.keys()));
    } else if (values.has(token.name)) {
      problems.push(`--${token.name} is given twice`);
    } else if (token.value === undefined && types.get(token.name) === "string") {
      problems.push(`--${token.name} needs a value`);
    } else {
      values.set(token.name, token.value ?? "true");
    }
  }
  return values;
}

function flagType(value: unknown): "boolean" | "string" {
  return typeof value === "boolean" ? "boolean" : "string";
}

/** Mimir and Prometheus's tools take flags with one dash as well. */
function withTwoDashes(arg: string): string {
  return /^-[a-z][a-z0-9.-]+(=|$)/.test(arg) ? `-${arg}` : arg;
}

function unknownFlag(rawName: string, known: Iterable<string>): string {
  const nearest = nearestName(rawName.replace(/^-+/, ""), known);
  return `unknown flag ${rawName}${nearest === undefined ? "" : `; did you mean --${nearest}?`}`;
}
