import { create } from "@bufbuild/protobuf";
import {
  type LabelMatcher,
  LabelMatcherSchema,
  MatcherType as WireMatcherType,
  type Selector,
  SelectorSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { type Matcher, type MatcherType, urdError } from "../model/index.ts";
import type { Selection } from "../storage/index.ts";

const wireTypeOf: Readonly<Record<MatcherType, WireMatcherType>> = {
  "=": WireMatcherType.EQUAL,
  "!=": WireMatcherType.NOT_EQUAL,
  "=~": WireMatcherType.REGEX,
  "!~": WireMatcherType.NOT_REGEX,
};

/** int64 bounds: a selection without an end has infinite times, which no int64 can tell. */
const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;

/** A selection as the ingester's message. */
export function selectorOf(selection: Selection): Selector {
  return create(SelectorSchema, {
    matchers: selection.matchers.map((matcher) =>
      create(LabelMatcherSchema, {
        type: wireTypeOf[matcher.type],
        name: matcher.name,
        value: matcher.value,
      }),
    ),
    startMs: int64Of(selection.startMs),
    endMs: int64Of(selection.endMs),
  });
}

/** The selection that a message tells. Throws request-invalid for an unknown operator. */
export function selectionOf(selector: Selector): Selection {
  return {
    matchers: selector.matchers.map(matcherOf),
    startMs: Number(selector.startMs),
    endMs: Number(selector.endMs),
  };
}

function matcherOf(matcher: LabelMatcher): Matcher {
  const { name, value } = matcher;
  switch (matcher.type) {
    case WireMatcherType.EQUAL:
      return { type: "=", name, value };
    case WireMatcherType.NOT_EQUAL:
      return { type: "!=", name, value };
    case WireMatcherType.REGEX:
      return { type: "=~", name, value };
    case WireMatcherType.NOT_REGEX:
      return { type: "!~", name, value };
    case WireMatcherType.UNSPECIFIED:
    default:
      throw urdError("request-invalid", `Unknown matcher type ${String(matcher.type)}.`);
  }
}

/** The nearest int64 of a whole or infinite number. */
function int64Of(value: number): bigint {
  if (value >= Number(int64Max)) return int64Max;
  if (value <= Number(int64Min)) return int64Min;
  return BigInt(Math.trunc(value));
}
