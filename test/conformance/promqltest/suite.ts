import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Outcome, type RunMode, runScript } from "./run.ts";
import { parseScript } from "./script.ts";
import type { ScriptStore } from "./store.ts";

/** Scripts in a folder, and what they run against. */
export interface Suite {
  readonly title: string;
  readonly folder: string;
  createStore(): ScriptStore;
  readonly mode?: RunMode;
  /** Places (`file:line`) that are not right yet. One that passes must be taken off. */
  readonly expectedFailures: ReadonlySet<string>;
}

/** Where Prometheus's own scripts are: they lie beside the checkout, unless another folder is named. */
export const scriptsFolder: string =
  process.env["PROMQLTEST_DIR"] ??
  join(import.meta.dirname, "../../../../shared/conformance/promqltest");

/** Names of a folder's scripts, sorted; none when the folder is not there. */
export function scriptsIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".test"))
    .sort();
}

/** One test for each evaluation of each script, named by file and line. */
export function describeScripts(suite: Suite): void {
  describe(suite.title, () => {
    const scripts = scriptsIn(suite.folder);
    test("there are scripts", ({ skip }) => {
      const isOptional = process.env["PROMQLTEST_DIR"] === undefined;
      if (scripts.length === 0 && isOptional) skip(`needs shared: no scripts in ${suite.title}`);
      expect(scripts.length, `scripts in ${suite.folder}`).toBeGreaterThan(0);
    });
    for (const script of scripts) describeScript(suite, script);
  });
}

function describeScript(suite: Suite, script: string): void {
  describe(script, () => {
    const text = readFileSync(join(suite.folder, script), "utf8");
    let outcomes: ReadonlyMap<number, Outcome> = new Map();
    let broken: Outcome | undefined;
    beforeAll(async () => {
      const all = await runScript(text, suite.createStore(), suite.mode);
      outcomes = new Map(all.map((outcome) => [outcome.line, outcome]));
      broken = all.find(({ isEvaluation }) => !isEvaluation);
    }, 300_000);
    test(`${script} runs to its end`, () => {
      expect(broken && `${script}:${broken.line} ${broken.fault}`).toBeUndefined();
    });
    for (const command of parseScript(text).commands) {
      if (command.kind !== "eval") continue;
      const place = `${script}:${command.line}`;
      test(`${place} ${command.query}`, () => {
        const outcome = outcomes.get(command.line);
        const fault = outcome === undefined ? "was not reached" : outcome.fault;
        const shown = fault && `${place} ${command.query}: ${fault}`;
        if (suite.expectedFailures.has(place)) {
          expect(shown, "it passes now: take it off the list of expected failures").toBeDefined();
        } else {
          expect(shown).toBeUndefined();
        }
      });
    }
  });
}

/**
 * Reads a list of expected failures: `file:line — reason`, one per evaluation. It is about
 * Prometheus's scripts: of others every evaluation must pass.
 */
export function readExpectedFailures(file: string): ReadonlySet<string> {
  if (process.env["PROMQLTEST_DIR"] !== undefined) return new Set();
  const lines = readFileSync(file, "utf8").split("\n");
  return new Set(
    lines
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [place = "", reason = ""] = line.split(" — ");
        if (reason === "") throw new Error(`${file}: ${place} has no reason`);
        return place;
      }),
  );
}
