import { existsSync, globSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { functionSizes } from "./function-sizes.ts";
import { checkout, type SourceFile, sourceFiles } from "./source-files.ts";

const functionLinesMax = 70;
const fileLinesMax = 600;
const lineLengthMax = 100;
const readmeLinesMax = 60;

/** Flat dispatch switches that may be longer, by file and name. */
const longFunctionsAllowed = new Set<string>([]);

const code = (): readonly SourceFile[] =>
  ["server/**/*.ts", "clients/**/*.ts", "test/**/*.ts"].flatMap((glob) => sourceFiles(glob));

const violations = (check: (file: SourceFile) => readonly string[]): readonly string[] =>
  code().flatMap((file) => check(file).map((fault) => `${file.path}: ${fault}`));

describe("sizes", () => {
  test("files have at most 600 lines", () => {
    expect(
      violations((file) => {
        const lines = file.text.split("\n").length - 1;
        return lines > fileLinesMax ? [`${lines} lines`] : [];
      }),
    ).toEqual([]);
  });

  test("functions have at most 70 lines", () => {
    expect(
      violations((file) =>
        file.path.startsWith("test/")
          ? []
          : functionSizes(file)
              .filter((found) => found.lines > functionLinesMax)
              .filter((found) => !longFunctionsAllowed.has(`${file.path}:${found.name}`))
              .map((found) => `${found.name} at line ${found.line} has ${found.lines} lines`),
      ),
    ).toEqual([]);
  });

  test("lines have at most 100 columns, long texts and addresses excepted", () => {
    expect(
      violations((file) =>
        file.text
          .split("\n")
          .map((line, index) => ({ line, number: index + 1 }))
          .filter(({ line }) => line.length > lineLengthMax && !/["'`/*]/.test(line))
          .map(({ number }) => `line ${number} is too long`),
      ),
    ).toEqual([]);
  });

  test("the measure of functions sees what it should", () => {
    const body = "  x();\n".repeat(80);
    const file = {
      path: "x.ts",
      text: `export function big(\n  a: number,\n): void {\n${body}}\n`,
    };
    expect(functionSizes(file)).toEqual([{ name: "big", line: 1, lines: 84 }]);
  });
});

describe("names and marks", () => {
  test("no folder or file is named util, common, helpers or misc", () => {
    const banned = /(^|\/)(utils?|common|helpers?|misc)(\.|\/|$)/;
    expect(
      code()
        .filter((file) => banned.test(file.path))
        .map((file) => file.path),
    ).toEqual([]);
  });

  test("nothing unfinished, unchecked or untyped is left", () => {
    const marks = [
      /\bTODO\b/,
      /\bFIXME\b/,
      /@ts-ignore|@ts-expect-error|@ts-nocheck/,
      /\b(it|test|describe)\.only\(/,
      /\bas any\b|: any\b|<any>/,
      /^export default /m,
      /^\s*(export )?(const )?enum /m,
    ];
    expect(
      violations((file) => {
        if (file.path.startsWith("test/architecture/")) return [];
        const defaultAllowed =
          file.path.endsWith(".config.ts") || file.path.endsWith("reporter.ts");
        const code = file.text.replace(/^\s*(\*|\/\*|\/\/).*$/gm, "");
        return marks
          .filter(
            (mark) =>
              mark.test(mark.source.includes("any") ? code : file.text) &&
              !(defaultAllowed && mark.source.includes("default")),
          )
          .map((mark) => `contains ${mark.source}`);
      }),
    ).toEqual([]);
  });

  test("clock, randomness and timers of the machine stay in platform/base", () => {
    const ambient =
      /\bDate\.now\(|\bMath\.random\(|(?<![.\w])set(Timeout|Interval)\(|\bnew Date\(\)/;
    expect(
      sourceFiles("server/**/*.ts")
        .filter((file) => !file.path.startsWith("server/platform/base/") && ambient.test(file.text))
        .map((file) => file.path),
    ).toEqual([]);
  });

  test("no pattern that comes from outside reaches RegExp", () => {
    expect(
      sourceFiles("server/**/*.ts")
        .filter((file) => /new RegExp\(/.test(file.text))
        .map((file) => file.path),
    ).toEqual([]);
  });
});

describe("readers find their way", () => {
  test("each folder of server has a README of at most 60 lines", () => {
    const folders = new Set(sourceFiles("server/**/*.ts").map((file) => dirname(file.path)));
    const faults = [...folders].flatMap((folder) => {
      const top = folder
        .split("/")
        .slice(0, folder.startsWith("server/platform/") ? 3 : 2)
        .join("/");
      if (folder !== top && !existsSync(join(checkout, folder, "README.md"))) return [];
      const [readme] = sourceFiles(`${folder}/README.md`);
      if (readme === undefined) return [`${folder} has no README.md`];
      const lines = readme.text.split("\n").length - 1;
      return lines > readmeLinesMax ? [`${folder}/README.md has ${lines} lines`] : [];
    });
    expect(faults).toEqual([]);
  });

  test("each unit test mirrors a file of server", () => {
    const orphans = sourceFiles("test/unit/**/*.test.ts")
      .map((file) => file.path)
      .filter((path) => {
        const mirrored = path.replace("test/unit/", "server/").replace(/\.test\.ts$/, "");
        return (
          !existsSync(join(checkout, `${mirrored}.ts`)) && !existsSync(join(checkout, mirrored))
        );
      });
    expect(orphans).toEqual([]);
  });

  test("the top level holds what the layout allows", () => {
    const allowed = new Set([
      ...["package.json", "tsconfig.json", "buf.yaml", "buf.gen.yaml", "README.md", "LICENSE"],
      ...["package-lock.json", ".npmrc", ".gitignore", "CHANGELOG.md", ".ci", "docs", "deploy"],
      ...["proto", "gen", "server", "clients", "test"],
      ...["node_modules", "dist", "data", ".git", ".cache"],
    ]);
    const top = [...globSync("*", { cwd: checkout }), ...globSync(".*", { cwd: checkout })];
    expect(top.map((path) => basename(path)).filter((name) => !allowed.has(name))).toEqual([]);
    expect(statSync(join(checkout, "proto")).isDirectory()).toBe(true);
  });
});
