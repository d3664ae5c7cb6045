import { expect, test } from "vitest";
import type { MatcherType } from "../../../gen/urd/ingester/v1/ingester_pb.ts";
import type { Selection } from "../../../server/storage/index.ts";
import { selectionOf, selectorOf } from "../../../server/wire/index.ts";

test("a selection survives the way there and back", () => {
  const selection: Selection = {
    matchers: [
      { type: "=", name: "__name__", value: "up" },
      { type: "!=", name: "a", value: "" },
      { type: "=~", name: "b", value: "x.*" },
      { type: "!~", name: "c", value: "\u{1f600}" },
    ],
    startMs: -5,
    endMs: 1_700_000_000_123,
  };
  expect(selectionOf(selectorOf(selection))).toEqual(selection);
});

test("a range without ends becomes the widest of int64", () => {
  const selector = selectorOf({ matchers: [], startMs: -Infinity, endMs: Infinity });
  expect([selector.startMs, selector.endMs]).toEqual([-(2n ** 63n), 2n ** 63n - 1n]);
});

test("an unknown operator is refused", () => {
  const selector = selectorOf({
    matchers: [{ type: "=", name: "a", value: "b" }],
    startMs: 0,
    endMs: 1,
  });
  for (const matcher of selector.matchers) matcher.type = 9 as MatcherType;
  expect(() => selectionOf(selector)).toThrow(/matcher type 9/);
});
