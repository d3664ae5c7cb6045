import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { globSync } from "node:fs";
import { expect, test } from "vitest";
import { checkout } from "./source-files.ts";

const tree = (root: string): Record<string, string> =>
  Object.fromEntries(
    globSync("**/*.ts", { cwd: root })
      .sort()
      .map((path) => [relative(".", path), readFileSync(join(root, path), "utf8")]),
  );

test("gen/ is what buf generates from proto/", () => {
  const out = mkdtempSync(join(tmpdir(), "urd-gen-"));
  try {
    execFileSync("buf", ["generate", "--output", out], {
      cwd: checkout,
      env: {
        ...process.env,
        PATH: `${join(checkout, "node_modules/.bin")}:${process.env["PATH"]}`,
      },
    });
    expect(tree(join(out, "gen"))).toEqual(tree(join(checkout, "gen")));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
});
