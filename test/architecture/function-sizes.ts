import type { SourceFile } from "./source-files.ts";

/** A function with the number of lines it spans. */
export interface FunctionSize {
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/**
 * Finds functions and methods by their opening line and matching indentation: the formatter
 * puts every closing brace at the indentation of the line that opened the function, so the
 * first later line that starts with the same indentation and a closing brace ends it.
 */
export function functionSizes(file: SourceFile): readonly FunctionSize[] {
  const lines = file.text.split("\n");
  const found: FunctionSize[] = [];
  for (const [index, line] of lines.entries()) {
    const name = opensFunction(lines, index);
    if (name === undefined) continue;
    const indent = /^\s*/.exec(line)?.[0] ?? "";
    const end = lines.findIndex(
      (other, at) =>
        at > index &&
        other.startsWith(`${indent}}`) &&
        !/^\s*}\): /.test(other) &&
        !/^\s*}: /.test(other),
    );
    if (end > index) found.push({ name, line: index + 1, lines: end - index + 1 });
  }
  return found;
}

const declaration = /^\s*(?:export\s+)?(?:async\s+)?function\s*\*?\s*(\w+)/;
const method =
  /^\s+(?:(?:static|async|get|set|private|public|override)\s+)*\*?\s*(#?\w+)\s*(?:<[^>]*>)?\((?:.*\)[^=]*\{\s*)?$/;
const arrow = /^\s*(?:export\s+)?(?:const|let)\s+(\w+)[^=]*=\s*(?:async\s*)?\(.*=>\s*\{\s*$/;
const keywords = new Set([
  "if",
  "for",
  "while",
  "switch",
  "catch",
  "return",
  "function",
  "constructor",
]);

function opensFunction(lines: readonly string[], index: number): string | undefined {
  const line = lines[index] ?? "";
  const declared = declaration.exec(line)?.[1] ?? arrow.exec(line)?.[1];
  if (declared !== undefined) return declared;
  const name = method.exec(line)?.[1];
  if (name === undefined || (keywords.has(name) && name !== "constructor")) return undefined;
  if (line.trimEnd().endsWith("{")) return name;
  const indent = /^\s*/.exec(line)?.[0] ?? "";
  const close = lines.slice(index + 1, index + 12).find((other) => other.startsWith(`${indent})`));
  return close?.trimEnd().endsWith("{") ? name : undefined;
}
