import { expect, test } from "vitest";
import {
  htmlSafeText,
  stringBytesPerUnitMax,
  writeString,
} from "../../../../server/querier/json/string-text.ts";

function written(text: string): string {
  const bytes = new Uint8Array(2 + stringBytesPerUnitMax * text.length);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    bytes.subarray(0, writeString(bytes, 0, text)),
  );
}

// What a real Prometheus 3.5.3 printed for label values.
test.each([
  ["", '""'],
  ["plain", '"plain"'],
  ['q"uote', '"q\\"uote"'],
  ["back\\slash", '"back\\\\slash"'],
  ["nl\n tab\t cr\r", '"nl\\n tab\\t cr\\r"'],
  ["<html>&amp;/", '"<html>&amp;/"'],
  ["\u2028\u2029", '"\u2028\u2029"'],
  ["\u0000\u0001\u001f\u007f", '"\\u0000\\u0001\\u001f\u007f"'],
  ["\b\f", '"\\u0008\\u000c"'],
  ["a\u{1f600}b", '"a\u{1f600}b"'],
  ["\ufeffbom", '"\ufeffbom"'],
])("a label value %j is printed as %s", (text, expected) => {
  expect(written(text)).toBe(expected);
});

test("the worst text fits the room that callers make", () => {
  const text = "\u0001".repeat(100);
  expect(written(text)).toBe(`"${"\\u0001".repeat(100)}"`);
});

test("string results and warnings are also safe in HTML and JavaScript", () => {
  expect(htmlSafeText('a<b>&"\u2028\b\u{1f600}')).toBe(
    '"a\\u003cb\\u003e\\u0026\\"\\u2028\\b\u{1f600}"',
  );
});
