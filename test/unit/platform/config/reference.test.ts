import { load as parseYaml } from "js-yaml";
import { expect, test } from "vitest";
import {
  duration,
  helpText,
  loadConfig,
  type OptionTable,
  option,
  printConfig,
  referenceMarkdown,
  text,
} from "../../../../server/platform/config/index.ts";

const table: OptionTable<{ readonly a: { readonly name: string; readonly waitMs: number } }> = {
  a: {
    name: option({ key: "name", kind: text, default: "x|y", doc: "Sets the name." }),
    waitMs: option({
      key: "a.long_wait",
      kind: duration(),
      default: 1500,
      maturity: "advanced",
      doc: "Sets how long one waits before one gives up and goes home for good.",
    }),
  },
};

test("help shows flag, kind, meaning and default of the maturities asked for", () => {
  expect(helpText(table, ["basic"])).toBe(
    "  --name <string>                             Sets the name. [x|y]",
  );
  expect(helpText(table, ["basic", "advanced"]).split("\n")).toHaveLength(3);
});

test("the reference groups keys by their first part and escapes table marks", () => {
  const reference = referenceMarkdown(table);
  expect(reference).toContain("## process\n");
  expect(reference).toContain("| `name` | `--name` | x\\|y | basic | Sets the name. |");
  expect(reference).toContain("## a\n");
  expect(reference).toContain("| `a.long_wait` | `--a.long-wait` | 1500ms | advanced |");
});

test("what print writes is a file that gives the same configuration", () => {
  const config = { a: { name: "n: {", waitMs: 90_000 } };
  const printed = printConfig(table, config);
  expect(parseYaml(printed)).toEqual({ name: "n: {", a: { long_wait: "90s" } });
  const file = { name: "printed", text: printed };
  expect(loadConfig(table, { args: [], file, environment: {} })).toEqual(config);
});
