import { describe, expect, test } from "vitest";
import type { TenantLimits } from "../../../server/limits/index.ts";
import { chunkOf, type FakeShard } from "../../support/fake-shard.ts";
import { asTenant, queryServiceOver } from "../../support/query-service.ts";

const shard: FakeShard = {
  series: [
    {
      labels: ["__name__", "a", "job", "x"],
      chunks: [
        chunkOf([
          [0, 1],
          [30_000, 2],
          [60_000, 4],
        ]),
      ],
    },
  ],
};

/** What comes of a query: its trailer's remarks, or the text of its failure. */
async function outcome(query: string, limits: Partial<TenantLimits>): Promise<string> {
  const client = queryServiceOver([shard], { limits });
  const remarks: string[] = [];
  try {
    for await (const { part } of client.queryInstant({ query, timeMs: 60_000n }, asTenant)) {
      if (part?.part.case === "trailer") remarks.push(...part.part.value.infos);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return remarks.join("; ");
}

describe("switches of a tenant", () => {
  const name = "name does not end in _total/_sum/_count/_bucket";
  const label = '__type__ label is not set to "counter" or "histogram", got ""';

  test.each<[query: string, switchName: keyof TenantLimits, off: string, on: string]>([
    [
      "sort_by_label(a, 'job')",
      "experimentalFunctions",
      'function "sort_by_label" is not enabled',
      "",
    ],
    [
      "increase(a[1m] anchored)",
      "extendedRangeSelectors",
      "anchored modifier is experimental and not enabled",
      name,
    ],
    ["a + fill(0) a", "fillModifiers", "binop fill modifiers are experimental and not enabled", ""],
    [
      "a offset (1m * 0)",
      "durationExpressions",
      "experimental duration expression is not enabled",
      "",
    ],
    ["rate(a[2m])", "typeAndUnitLabels", name, label],
  ])("%s with %s", async (query, switchName, off, on) => {
    expect(await outcome(query, { [switchName]: false })).toContain(off);
    const withSwitch = await outcome(query, { [switchName]: true });
    if (on === "") expect(withSwitch).toBe("");
    else expect(withSwitch).toContain(on);
  });
});
