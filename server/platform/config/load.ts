import { loadAll as parseYaml, YAMLException } from "js-yaml";
import { errorText } from "../base/index.ts";
import { type Environment, expandVariables } from "./expand.ts";
import { parseFlags } from "./flags.ts";
import { nearestName } from "./nearest.ts";
import { type OptionPlace, type OptionTable, placesOf } from "./option.ts";

/** A configuration that cannot be used; every problem is a sentence for people. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Where a configuration comes from. A flag beats the file, the file beats the default. */
export interface ConfigSources {
  /** Flags as the process got them, without the program's name. */
  readonly args: readonly string[];
  /** The YAML file: its name for messages, and its text. */
  readonly file?: { readonly name: string; readonly text: string };
  readonly environment: Environment;
}

/**
 * Reads a configuration. Throws ConfigError with all problems at once: unknown names (with the
 * nearest known one), values that do not fit, words that are not flags.
 */
export function loadConfig<C>(table: OptionTable<C>, sources: ConfigSources): C {
  const places = placesOf(table);
  const problems: string[] = [];
  const fromFile = fileValues(places, sources, problems);
  const fromFlags = parseFlags(places, sources.args, problems);
  const config: Record<string, Record<string, unknown>> = {};
  for (const place of places) {
    const { key, flag } = place.option;
    let value = place.option.default;
    if (fromFile.has(key)) value = readValue(place, fromFile.get(key), { name: key, problems });
    if (fromFlags.has(flag)) {
      value = readValue(place, fromFlags.get(flag), { name: `--${flag}`, problems });
    }
    (config[place.section] ??= {})[place.name] = value;
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config as C;
}

function readValue(
  { option }: OptionPlace,
  raw: unknown,
  at: { name: string; problems: string[] },
): unknown {
  const result = option.kind.schema.safeParse(raw);
  if (result.success) return result.data;
  const expected = result.error.issues[0]?.message ?? "it does not fit";
  at.problems.push(`${at.name} is ${JSON.stringify(raw)}: ${expected}`);
  return option.default;
}

function fileValues(
  places: readonly OptionPlace[],
  sources: ConfigSources,
  problems: string[],
): Map<string, unknown> {
  const values = new Map<string, unknown>();
  if (sources.file === undefined) return values;
  const { name, text } = sources.file;
  const keys = new Set(places.map((place) => place.option.key));
  const found: string[] = [];
  try {
    const [document, second] = parseYaml(text);
    if (second !== undefined) found.push("it holds more than one YAML document");
    const value = expandVariables(document, sources.environment, found) ?? {};
    flatten({ value, path: "", keys }, values, found);
  } catch (error) {
    found.push(
      error instanceof YAMLException ? `not valid YAML: ${error.message}` : errorText(error),
    );
  }
  problems.push(...found.map((problem) => `${name}: ${problem}`));
  return values;
}

interface Level {
  readonly value: unknown;
  readonly path: string;
  readonly keys: ReadonlySet<string>;
}

/** Turns nested maps into dotted keys, down to the keys that are known. */
function flatten(level: Level, values: Map<string, unknown>, problems: string[]): void {
  const { value, path, keys } = level;
  if (keys.has(path)) {
    values.set(path, value);
    return;
  }
  const isSection = path === "" || [...keys].some((key) => key.startsWith(`${path}.`));
  if (!isSection) {
    problems.push(`unknown key ${path}${suggestion(path, keys)}`);
    return;
  }
  if (value === null) return;
  if (typeof value !== "object" || Array.isArray(value)) {
    problems.push(`${path === "" ? "the file" : path} must be a map of keys to values`);
    return;
  }
  for (const [name, inner] of Object.entries(value)) {
    flatten({ value: inner, path: path === "" ? name : `${path}.${name}`, keys }, values, problems);
  }
}

/** The end of a sentence that complains of an unknown name. */
function suggestion(unknown: string, known: Iterable<string>): string {
  const nearest = nearestName(unknown, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}
