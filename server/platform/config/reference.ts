import { dump as writeYaml } from "js-yaml";
import { type Maturity, type OptionPlace, type OptionTable, placesOf } from "./option.ts";

const helpColumn = 46;
const helpWidth = 100;

/** Text of `--help`: the options of `maturities`, section by section. */
export function helpText<C>(table: OptionTable<C>, maturities: readonly Maturity[]): string {
  const shown = placesOf(table).filter((place) => maturities.includes(place.option.maturity));
  return shown.map(helpEntry).join("\n");
}

function helpEntry({ option }: OptionPlace): string {
  const flag = `  --${option.flag} ${option.kind.placeholder}`;
  const doc = wrap(`${option.doc} [${option.defaultText}]`, helpWidth - helpColumn);
  const [first = "", ...rest] = doc;
  const indent = " ".repeat(helpColumn);
  const head =
    flag.length < helpColumn ? flag.padEnd(helpColumn) + first : `${flag}\n${indent}${first}`;
  return [head, ...rest.map((line) => indent + line)].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** The options as Markdown, one table per first part of the key. */
export function referenceMarkdown<C>(table: OptionTable<C>): string {
  const groups = Map.groupBy(placesOf(table), ({ option }) => groupOf(option.key));
  return [...groups]
    .map(([group, places]) => {
      const rows = places.map(
        ({ option }) =>
          `| \`${option.key}\` | \`--${option.flag}\` | ${cell(option.defaultText)} | ` +
          `${option.maturity} | ${cell(option.doc)} |`,
      );
      const head = "| Key | Flag | Default | Maturity | Meaning |\n|---|---|---|---|---|";
      return `## ${group}\n\n${head}\n${rows.join("\n")}\n`;
    })
    .join("\n");
}

function groupOf(key: string): string {
  return key.includes(".") ? key.slice(0, key.indexOf(".")) : "process";
}

function cell(text: string): string {
  return text === "" ? "(empty)" : text.replaceAll("|", "\\|");
}

/** A configuration as the YAML file that would give it. */
export function printConfig<C>(table: OptionTable<C>, config: C): string {
  const document: Record<string, unknown> = {};
  for (const { section, name, option } of placesOf(table)) {
    const value = (config as Record<string, Record<string, unknown>>)[section]?.[name];
    place(document, option.key.split("."), option.kind.write(value));
  }
  return writeYaml(document, { lineWidth: 100 });
}

function place(document: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = "", ...rest] = path;
  if (rest.length === 0) document[head] = value;
  else place((document[head] ??= {}) as Record<string, unknown>, rest, value);
}
