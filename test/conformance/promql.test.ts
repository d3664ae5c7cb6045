import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Outcome, runScript } from "./promqltest/run.ts";

/** Prometheus's own scripts lie beside the checkout; they are not part of it. */
const folder = join(import.meta.dirname, "../../../shared/conformance/promqltest");
const present = existsSync(folder);
const required = (process.env["URD_REQUIRE"] ?? "").split(",").includes("shared");
const scripts = present ? readdirSync(folder).filter((name) => name.endsWith(".test")) : [];

/** Gaps we know: `file:line — reason`, one per evaluation. The list only gets shorter. */
const expectedFailures = new Set(
  readFileSync(join(import.meta.dirname, "expected-failures.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [place = "", reason = ""] = line.split(" — ");
      expect(reason, `reason of ${place}`).not.toBe("");
      return place;
    }),
);

describe.skipIf(!present && !required)(
  "Prometheus's scripts (skipped: no scripts beside us)",
  () => {
    test("the scripts are there", () => {
      expect(scripts.length).toBeGreaterThan(10);
    });

    test.each(scripts)("%s", async (script) => {
      const outcomes = await runScript(readFileSync(join(folder, script), "utf8"));
      const place = ({ line }: Outcome): string => `${script}:${line}`;
      const failed = outcomes.filter(({ fault }) => fault !== undefined);
      const surprises = failed.filter((outcome) => !expectedFailures.has(place(outcome)));
      expect(surprises.map((outcome) => `${place(outcome)} ${outcome.fault}`)).toEqual([]);
      const passed = outcomes.filter(({ fault }) => fault === undefined).map(place);
      expect(
        passed.filter((name) => expectedFailures.has(name)),
        "these pass now: take them off expected-failures.txt",
      ).toEqual([]);
    });

    test("every expected failure names an evaluation", () => {
      const known = new Set<string>();
      for (const script of scripts) {
        const lines = readFileSync(join(folder, script), "utf8").split("\n");
        lines.forEach(
          (line, i) => line.trimStart().startsWith("eval") && known.add(`${script}:${i + 1}`),
        );
      }
      expect([...expectedFailures].filter((name) => !known.has(name))).toEqual([]);
    });
  },
);
