import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorTable } from "./error-table.ts";
import { checkout } from "./source-files.ts";

const path = join(checkout, "docs/errors.md");
const isRow = (line: string): boolean => line.startsWith("| `err-urd-");

/** Puts the catalogue's rows where the document's rows stand. */
function rewritten(document: string): string {
  const lines = document.split("\n");
  const first = lines.findIndex(isRow);
  const rest = lines.slice(first).filter((line) => !isRow(line));
  return [...lines.slice(0, first), ...errorTable(), ...rest].join("\n");
}

test("docs/errors.md and the catalogue say the same of every error", () => {
  // URD_REWRITE=1 brings the document up to date; the diff is to be read.
  if (process.env["URD_REWRITE"] === "1")
    writeFileSync(path, rewritten(readFileSync(path, "utf8")));
  const rows = readFileSync(path, "utf8").split("\n").filter(isRow);
  expect(rows).toEqual(errorTable());
});

test("ids are lower-case words, once each, and sentences end", () => {
  const rows = errorTable();
  const ids = rows.map((row) => row.split("|")[1]?.trim() ?? "");
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^`err-urd-[a-z0-9]+(-[a-z0-9]+)*`$/);
  for (const row of rows) expect(row).toMatch(/\. \|$/);
});
