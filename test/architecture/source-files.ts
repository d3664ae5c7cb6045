import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the checkout. */
export const checkout: string = fileURLToPath(new URL("../..", import.meta.url));

/** A source file with its path relative to the checkout. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** All files of the checkout that match a glob, build output and packages left out, sorted. */
export function sourceFiles(pattern: string): readonly SourceFile[] {
  return globSync(pattern, { cwd: checkout })
    .filter((path) => !/(^|\/)(node_modules|dist|build|\.cache)\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(checkout, path), "utf8") }));
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^;"']*?from\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)|(?:^|\n)\s*import\s*["']([^"']+)["']/g;

/** Relative imports of a file as paths relative to the checkout; type-only ones count too. */
export function relativeImports(file: SourceFile): readonly string[] {
  const found: string[] = [];
  for (const match of file.text.matchAll(importPattern)) {
    const target = match[1] ?? match[2] ?? match[3] ?? "";
    if (target.startsWith(".")) found.push(normalize(join(dirname(file.path), target)));
  }
  return found;
}
