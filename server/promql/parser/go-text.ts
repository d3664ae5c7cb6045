/** How Go writes strings, characters and numbers: PromQL's printed form and errors follow it. */

const short: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** True when Go's %q shows the character itself. */
function isPrintable(char: string): boolean {
  return printable.test(char);
}

function escape(char: string, quote: string): string {
  if (char === quote) return `\\${quote}`;
  const known = short[char];
  if (known !== undefined) return known;
  if (isPrintable(char)) return char;
  const code = char.codePointAt(0) as number;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, "0")}`;
  // A byte that is not UTF-8, see stringValue.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  return code < 0x10000
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}

const plain = /^[ !#-[\]-~]*$/;

/** Quotes a string as Go's strconv.Quote. */
export function quoteString(text: string): string {
  if (plain.test(text)) return `"${text}"`;
  let quoted = "";
  for (const char of text) quoted += escape(char, '"');
  return `"${quoted}"`;
}

/** Quotes one character as Go's %q; the empty string stands for the end of the text. */
export function quoteChar(char: string): string {
  return `'${char === "" ? "\ufffd" : escape(char, "'")}'`;
}

/** Writes a character as Go's %#U: `U+0078 'x'`. */
export function unicodeName(char: string): string {
  const hex = (char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0");
  return isPrintable(char) ? `U+${hex} '${char}'` : `U+${hex}`;
}

/** Writes a number with the fewest digits that read back the same, never with an exponent. */
export function formatFloat(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const text = String(value);
  const split = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (split === null) return text;
  const [, sign = "", lead = "", fraction = "", exponentText = "0"] = split;
  const exponent = Number(exponentText);
  const digits = lead + fraction;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, "0");
}

/** Writes a number as Go's %v: with an exponent below 1e-4 and from 1e21 on. */
export function formatFloatShort(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e21) return formatFloat(value);
  const [mantissa = "", exponent = "+0"] = value.toExponential().split("e");
  return `${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return "NaN";
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  return undefined;
}

/** Rounds halves away from zero, as Go's math.Round. */
export function roundAwayFromZero(value: number): number {
  const truncated = Math.trunc(value);
  return Math.abs(value - truncated) >= 0.5 ? truncated + Math.sign(value) : truncated;
}

/** Writes a number as Go's %f: six decimals, never an exponent. */
export function formatFixed(value: number): string {
  const special = Number.isFinite(value) ? undefined : formatSpecial(value);
  if (special !== undefined) return special;
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}
