import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseExpr, printExpr } from "../../server/promql/parser/index.ts";
import { scriptsFolder, scriptsIn } from "./promqltest/suite.ts";

const scripts = scriptsIn(scriptsFolder);

/* The queries of Prometheus's scripts: each parses, or fails where a failure is expected. */

interface Query {
  readonly text: string;
  readonly line: number;
  readonly mayFail: boolean;
}

const command = /^eval(\w*)\s+(?:instant at \S+|range from \S+ to \S+ step \S+)\s+(.+)$/;

function queriesOf(script: string): readonly Query[] {
  const lines = readFileSync(join(scriptsFolder, script), "utf8").split("\n");
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

for (const script of scripts) {
  test(`queries of ${script}`, () => {
    const faults = queriesOf(script).flatMap(({ text, line, mayFail }) => {
      const reason = fault(text);
      return reason === undefined || mayFail ? [] : [`${script}:${line}: ${text}: ${reason}`];
    });
    expect(faults).toEqual([]);
  });
}

test("there are scripts", ({ skip }) => {
  if (scripts.length === 0) skip("needs shared: no scripts of Prometheus");
  expect(scripts.length).toBeGreaterThan(0);
});
