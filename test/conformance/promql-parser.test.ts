import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseExpr, printExpr } from "../../server/promql/parser/index.ts";

/*
 * The queries of Prometheus's own scripts (promql/promqltest/testdata): each parses, or fails
 * where the script expects a failure. They are not part of this repository: the folder is
 * named by URD_PROMQLTEST_DIR, or lies beside the checkout.
 */
const root = new URL("../..", import.meta.url).pathname;
const folder = process.env["URD_PROMQLTEST_DIR"] ?? join(root, "../shared/conformance/promqltest");
const scripts = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(".test")) : [];

interface Query {
  readonly text: string;
  readonly line: number;
  readonly mayFail: boolean;
}

const command = /^eval(\w*)\s+(?:instant at \S+|range from \S+ to \S+ step \S+)\s+(.+)$/;

function queriesOf(script: string): readonly Query[] {
  const lines = readFileSync(join(folder, script), "utf8").split("\n");
  return lines.flatMap((line, i) => {
    const [, kind, text] = command.exec(line.trim()) ?? [];
    if (text === undefined) return [];
    const expectations = lines.slice(i + 1, i + 4).map((next) => next.trim());
    const failing = expectations.findIndex((next) => next.startsWith("expect fail"));
    const ending = expectations.findIndex((next) => next === "" || next.startsWith("eval"));
    const expected = failing >= 0 && (ending < 0 || failing < ending);
    return [{ text, line: i + 1, mayFail: kind === "_fail" || expected }];
  });
}

const options = {
  experimentalFunctions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
};

function fault(text: string): string | undefined {
  try {
    const printed = printExpr(parseExpr(text, options));
    expect(printExpr(parseExpr(printed, options))).toBe(printed);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe.skipIf(scripts.length === 0)("scripts of Prometheus (skipped where absent)", () => {
  test.each(scripts)("%s", (script) => {
    const queries = queriesOf(script);
    expect(queries.length).toBeGreaterThan(0);
    const faults = queries.flatMap(({ text, line, mayFail }) => {
      const reason = fault(text);
      return reason === undefined || mayFail ? [] : [`${script}:${line}: ${text}: ${reason}`];
    });
    expect(faults).toEqual([]);
  });
});
