import { assert } from "../base/index.ts";
import type { ValueKind } from "./kinds.ts";

/** Who should touch an option: everybody, who has read up on it, or who takes part in a trial. */
export type Maturity = "basic" | "advanced" | "experimental";

/** The one declaration of an option. Parsing, help, reference and printing follow from it. */
export interface OptionSpec<T> {
  /** Path in the YAML file, dots between levels: `server.http_listen_port`. */
  readonly key: string;
  /** Name of the flag without dashes; undefined: the key with `-` for `_`. */
  readonly flag?: string;
  readonly kind: ValueKind<T>;
  readonly default: T;
  /** What stands for the default in texts when the machine decides it. */
  readonly defaultText?: string;
  readonly maturity?: Maturity;
  /** One or two sentences for users, starting with what the option sets. */
  readonly doc: string;
}

/** An option, complete. */
export interface Option<T> extends Required<Omit<OptionSpec<T>, "defaultText">> {
  readonly defaultText: string;
}

/** The options of a configuration: the same shape with options for values. */
export type OptionTable<C> = {
  readonly [S in keyof C]: { readonly [K in keyof C[S]]: Option<C[S][K]> };
};

const keyPattern = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
const flagPattern = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/;

/** Declares an option. */
export function option<T>(spec: OptionSpec<T>): Option<T> {
  const flag = spec.flag ?? spec.key.replaceAll("_", "-");
  assert(keyPattern.test(spec.key), `option key ${spec.key} is malformed`);
  assert(flagPattern.test(flag), `flag ${flag} is malformed`);
  const defaultText = spec.defaultText ?? String(spec.kind.write(spec.default));
  return { maturity: "basic", ...spec, flag, defaultText };
}

/** A place of a table: where the value of an option goes. */
export interface OptionPlace {
  readonly section: string;
  readonly name: string;
  readonly option: Option<unknown>;
}

/** All options of a table in the order of declaration. Flags and keys are unique. */
export function placesOf<C>(table: OptionTable<C>): readonly OptionPlace[] {
  const sections = table as Readonly<Record<string, Readonly<Record<string, Option<unknown>>>>>;
  const places = Object.entries(sections).flatMap(([section, options]) =>
    Object.entries(options).map(([name, entry]): OptionPlace => ({ section, name, option: entry })),
  );
  for (const field of ["key", "flag"] as const) {
    const names = places.map((place) => place.option[field]);
    assert(new Set(names).size === names.length, `two options share a ${field}`);
  }
  return places;
}
