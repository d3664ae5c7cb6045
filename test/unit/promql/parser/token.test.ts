import { expect, test } from "vitest";
import {
  describeToken,
  keywords,
  metricKinds,
  operandStarts,
  type TokenKind,
} from "../../../../server/promql/parser/token.ts";

const describe = (kind: TokenKind, text: string): string =>
  describeToken({ kind, text, start: 0, end: Buffer.byteLength(text) });

test("tokens are named by their class", () => {
  expect(describe("end", "")).toBe("end of input");
  expect(describe("identifier", "a_rather_long_name")).toBe('identifier "a_rather_long_name"');
  expect(describe("metric-identifier", "a:b")).toBe('metric identifier "a:b"');
  expect(describe("word:by", "BY")).toBe("<BY>");
  expect(describe("word:and", "and")).toBe("<op:and>");
  expect(describe("=~", "=~")).toBe("<op:=~>");
  expect(describe("word:sum", "sum")).toBe("<aggr:sum>");
  expect(describe("word:start", "start")).toBe('"start"');
  expect(describe("=", "=")).toBe('"="');
});

test("literals are cut after ten characters", () => {
  expect(describe("string", '"12345678"')).toBe('string "\\"12345678\\""');
  expect(describe("string", '"123456789"')).toBe('string "\\"123456789"...');
  expect(describe("number", "12345678901")).toBe('number "1234567890"...');
});

test("keywords are lower case and metrics unless they only make sense after an operator", () => {
  for (const word of keywords.keys()) expect(word).toBe(word.toLowerCase());
  const never = [...keywords.values()].filter((word) => !metricKinds.has(`word:${word}`));
  expect(never.sort()).toEqual(["atan2", "bool", "group_left", "group_right", "ignoring", "on"]);
  expect(operandStarts.has("word:on")).toBe(false);
});
