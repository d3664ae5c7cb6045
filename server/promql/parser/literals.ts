import { quoteString } from "./go-text.ts";

/** A value, or what is wrong with the text. */
export type Literal<T> = { readonly value: T } | { readonly fault: string };

const int64Max = (1n << 63n) - 1n;
const uint64Max = (1n << 64n) - 1n;

/**
 * Value of a number's text, with Go's rules: `0x` is hexadecimal, a leading zero makes whole
 * numbers octal when every digit allows it, underscores may stand between digits of whole ones.
 */
export function numberValue(text: string): Literal<number> {
  const word = text.toLowerCase();
  if (word === "inf") return { value: Number.POSITIVE_INFINITY };
  if (word === "nan") return { value: Number.NaN };
  const whole = wholeNumber(text);
  if (whole !== undefined && whole <= int64Max) return { value: Number(whole) };
  const plain = floatDigits(text);
  if (plain === undefined) return { fault: numberFault(text, "invalid syntax") };
  const value = Number(plain);
  if (!Number.isFinite(value)) return { fault: numberFault(text, "value out of range") };
  return { value };
}

function numberFault(text: string, why: string): string {
  return `error parsing number: strconv.ParseFloat: parsing "${text}": ${why}`;
}

function wholeNumber(text: string): bigint | undefined {
  const digits = text.replaceAll("_", "");
  if (/^0[xX]_?[0-9a-fA-F]+(_[0-9a-fA-F]+)*$/.test(text)) {
    return boundedInteger(digits.slice(2), "0x");
  }
  if (/^0(_?[0-7]+)*$/.test(text)) return boundedInteger(digits, "0o");
  if (/^[1-9]\d*(_\d+)*$/.test(text)) return boundedInteger(digits);
  return undefined;
}

/** Value of digits; undefined when there are so many that no 64 bits hold it: conversion is quadratic. */
function boundedInteger(digits: string, prefix = ""): bigint | undefined {
  const significant = digits.replace(/^0+/, "");
  return significant.length > 64 ? undefined : BigInt(`${prefix}${significant || "0"}`);
}

/** The text without underscores when it is a decimal number with or without fraction. */
function floatDigits(text: string): string | undefined {
  if (!/^(\d[\d_]*)?(\.[\d_]*)?([eE][+-]?[\d_]+)?$/.test(text)) return undefined;
  if (!underscoresBetweenDigits(text)) return undefined;
  const digits = text.replaceAll("_", "");
  return /\d/.test(digits) ? digits : undefined;
}

function underscoresBetweenDigits(text: string): boolean {
  return !/(^|\D)_|_(\D|$)/.test(text);
}

/** Units of durations in ms, in the order in which they must stand. */
const unitsMs: readonly (readonly [string, number])[] = [
  ["y", 31_536_000_000],
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
];

/** Longest duration in ms: 63 bits of nanoseconds. */
const durationMsMax = 9_223_372_036_854;

/** Value in ms of a duration's text; units stand from large to small, each once. */
export function durationMs(text: string): Literal<number> {
  const notValid = { fault: `not a valid duration string: ${quoteString(text)}` };
  let totalMs = 0;
  let lastUnit = -1;
  let read = 0;
  for (const { index, 0: part, 1: digits = "", 2: name = "" } of text.matchAll(/(\d+)(\D+)/g)) {
    if (index !== read) return notValid;
    if ((boundedInteger(digits) ?? uint64Max + 1n) > uint64Max) return notValid;
    const unit = unitsMs.findIndex(([known]) => known === name);
    if (unit < 0) {
      return { fault: `unknown unit ${quoteString(name)} in duration ${quoteString(text)}` };
    }
    if (unit <= lastUnit) return notValid;
    totalMs += Number(digits) * (unitsMs[unit]?.[1] ?? 0);
    if (totalMs > durationMsMax) return { fault: "duration out of range" };
    lastUnit = unit;
    read += part.length;
  }
  return read === text.length ? { value: totalMs } : notValid;
}

/** A duration in seconds, in the two steps that Go takes, so that the bits are the same. */
export function secondsOf(ms: number): number {
  return Math.trunc(ms / 1000) + ((ms % 1000) * 1e6) / 1e9;
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
};

/**
 * Value of a string literal that the lexer has accepted. Escapes can make bytes that are not
 * UTF-8: byte b becomes the lone surrogate U+DC00 + b, so that such a string is not well-formed
 * and equal only to itself.
 */
export function stringValue(text: string): string {
  const body = text.slice(1, -1);
  if (text.startsWith("`") || !body.includes("\\")) return body;
  const encoder = new TextEncoder();
  const bytes = new Uint8Array(3 * body.length);
  let size = 0;
  const form = /\\([0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[^])|[^\\]+/gu;
  for (const [piece, escape] of body.matchAll(form)) {
    const value = escape === undefined ? piece : escapeValue(escape);
    if (typeof value === "number") bytes[size++] = value;
    else size += encoder.encodeInto(value, bytes.subarray(size)).written;
  }
  return decodeBytes(bytes.subarray(0, size));
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

function decodeBytes(bytes: Uint8Array): string {
  const whole = decodeOrUndefined(bytes);
  if (whole !== undefined) return whole;
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const char = decodeOrUndefined(bytes.subarray(at, at + size));
    text += char ?? String.fromCharCode(0xdc00 + lead);
    at += char === undefined ? 1 : size;
  }
  return text;
}

function decodeOrUndefined(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** What an escape stands for: one byte, or a character. */
function escapeValue(escape: string): number | string {
  if (/^[0-7]/.test(escape)) return Number.parseInt(escape, 8);
  if (escape.length === 1) return simpleEscapes[escape] ?? escape.charCodeAt(0);
  const value = Number.parseInt(escape.slice(1), 16);
  return escape.startsWith("x") ? value : String.fromCodePoint(value);
}
