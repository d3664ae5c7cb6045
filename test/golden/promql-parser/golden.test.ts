import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type ParseOptions,
  parseExpr,
  prettyExpr,
  printExpr,
} from "../../../server/promql/parser/index.ts";

/*
 * Each .txt file is a list of cases. `>` starts the lines of a query, `=` those of its printed
 * form (in pretty.txt: of its pretty form), `!` the error. The first line names the switches
 * that are on. The answers are those of Prometheus 3.14; with GOLDEN_REWRITE=1 the files are
 * written anew from ours, for a diff to be looked at.
 */
interface Case {
  readonly query: string;
  readonly answer: string;
}

const folder = new URL(".", import.meta.url);
const switches = [
  "experimentalFunctions",
  "extendedRangeSelectors",
  "fillModifiers",
  "durationExpressions",
] as const;

function readCases(text: string): readonly Case[] {
  return text
    .split("\n\n")
    .slice(1)
    .map((block) => {
      const lines = block.replace(/\n$/, "").split("\n");
      const query = lines.filter((line) => line.startsWith(">")).map((line) => line.slice(2));
      return {
        query: query.join("\n"),
        answer: lines.filter((line) => !line.startsWith(">")).join("\n"),
      };
    });
}

function readSwitches(text: string): ParseOptions {
  const [head = ""] = text.split("\n");
  return Object.fromEntries(switches.map((name) => [name, head.includes(name)]));
}

function answer(query: string, options: ParseOptions, write: typeof printExpr): string {
  try {
    return write(parseExpr(query, options)).replace(/^/gm, "= ");
  } catch (error) {
    return `! ${error instanceof Error ? error.message : String(error)}`;
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".txt"))) {
  describe(file, () => {
    const url = new URL(file, folder);
    const text = readFileSync(url, "utf8");
    const options = readSwitches(text);
    const write = file === "pretty.txt" ? prettyExpr : printExpr;
    const cases = readCases(text);

    if (process.env["GOLDEN_REWRITE"] === "1") {
      const blocks = cases.map(
        ({ query }) => `${query.replace(/^/gm, "> ")}\n${answer(query, options, write)}\n`,
      );
      writeFileSync(url, [`${text.split("\n")[0]}\n`, ...blocks].join("\n"));
    }

    test("has cases", () => expect(cases.length).toBeGreaterThan(5));
    test.each(cases)("$query", ({ query, answer: wanted }) => {
      expect(answer(query, options, write)).toBe(wanted);
    });
  });
}
