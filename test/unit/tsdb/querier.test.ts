import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  compileMatcher,
  labelValue,
  type Matcher,
  type MatcherType,
} from "../../../server/model/index.ts";
import { nodeVfs } from "../../../server/platform/vfs/index.ts";
import { type Block, openBlock, selectSeries, writeBlock } from "../../../server/tsdb/index.ts";
import { blockSeries, blockStartMs, symbolsOf } from "../../support/block-samples.ts";

const ulid = "01J00000000000000000000000";
const series = blockSeries(500, 600_000);
const dir = mkdtempSync(join(tmpdir(), "urd-select-"));
let block: Block;

beforeAll(async () => {
  await writeBlock(nodeVfs, dir, {
    ulid,
    minTimeMs: blockStartMs,
    maxTimeMs: blockStartMs + 7_200_000,
    outOfOrder: false,
    symbols: symbolsOf(series),
    series,
  });
  block = openBlock(nodeVfs, join(dir, ulid));
});

afterAll(() => {
  block.close();
  rmSync(dir, { recursive: true, force: true });
});

const matcher = (name: string, type: MatcherType, value: string): Matcher => ({
  name,
  type,
  value,
});

test.each<[string, Matcher[]]>([
  ["nothing asked: all", []],
  ["one value", [matcher("__name__", "=", "up")]],
  ["a pattern", [matcher("__name__", "=~", "http_.*"), matcher("le", "=~", "0.5|\\+Inf")]],
  ["a missing label", [matcher("le", "=", "")]],
  ["not a value, the label may be missing", [matcher("le", "!=", "1")]],
  [
    "a pattern that the empty value fulfils",
    [matcher("code", "=~", "2..|"), matcher("up", "=", "")],
  ],
  ["not a pattern, the label must be there", [matcher("code", "!~", "2..|")]],
  ["nothing at all", [matcher("__name__", "=", "nothing")]],
  ["contradiction", [matcher("le", "=", "1"), matcher("le", "=", "2.5")]],
])("%s", (_, matchers) => {
  const compiled = matchers.map((each) => ({ name: each.name, ...compileMatcher(each) }));
  const expected = series
    .filter(({ labels }) =>
      compiled.every(({ name, matches }) => matches(labelValue(labels, name))),
    )
    .map(({ labels }) => labels);
  const found = [...selectSeries(block.index, matchers)];
  expect(found.map((ref) => block.index.series(ref).labels)).toEqual(expected);
});
