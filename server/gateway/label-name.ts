import { urdError } from "../model/index.ts";

/**
 * The label name in a path segment: percent signs decoded, then Prometheus's escaping of names
 * (`U__` in front, `_2e_` for U+002E, `__` for an underscore) undone. A name that starts like
 * an escaped one and is none stands for itself. Throws for what can be no label name.
 */
export function labelNameOf(segment: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    throw urdError("request-invalid", `invalid label name: ${JSON.stringify(segment)}`);
  }
  const name = decoded.startsWith("U__") ? (unescapeName(decoded.slice(3)) ?? decoded) : decoded;
  if (name === "") {
    throw urdError("request-invalid", `invalid label name: ${JSON.stringify(name)}`);
  }
  return name;
}

const escaped = /_([0-9a-fA-F]{0,6})_|_/g;

function unescapeName(text: string): string | undefined {
  let valid = true;
  const name = text.replace(escaped, (whole: string, code: string | undefined) => {
    if (code === "") return "_";
    const point = code === undefined ? -1 : Number.parseInt(code, 16);
    if (whole === "_" || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      valid = false;
      return "";
    }
    return String.fromCodePoint(point);
  });
  return valid ? name : undefined;
}
