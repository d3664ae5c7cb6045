import { describe, expect, test } from "vitest";
import { type OverridesError, parseOverrides } from "../../../server/limits/overrides-file.ts";

const problemsOf = (text: string): readonly string[] => {
  try {
    parseOverrides(text);
    return [];
  } catch (error) {
    return (error as OverridesError).problems;
  }
};

describe("an overrides file", () => {
  test("gives tenants the limits it names, in the units that people write", () => {
    const overrides = parseOverrides(`
overrides:
  tenant-a: {ingestion_rate: 350000, max_global_series_per_user: 1000000}
  tenant-b:
    out_of_order_time_window: 30m
    max_write_message_size: 10MiB
    native_histograms_ingestion_enabled: false
  tenant-c:
`);
    expect(overrides.get("tenant-a")).toEqual({ ingestionRate: 350_000, seriesMax: 1_000_000 });
    expect(overrides.get("tenant-b")).toEqual({
      outOfOrderWindowMs: 1_800_000,
      writeMessageSizeBytesMax: 10_485_760,
      nativeHistogramsEnabled: false,
    });
    expect(overrides.get("tenant-c")).toEqual({});
  });

  test.each(["", "# nothing\n", "overrides:\n", "{}"])("may be empty: %j", (text) => {
    expect(parseOverrides(text).size).toBe(0);
  });

  test("that has an unknown limit is refused with the nearest known one", () => {
    const [problem] = problemsOf("overrides: {a: {ingestion_rat: 5}}");
    expect(problem).toContain("overrides.a.ingestion_rat is not a limit");
    expect(problem).toContain("did you mean ingestion_rate?");
  });

  test("is refused with all its problems at once", () => {
    expect(
      problemsOf("overrides: {a: {ingestion_rate: fast}, 'b|c': {}, d: 5, e: {request_rate: -1}}"),
    ).toHaveLength(4);
  });

  test.each([
    ["no YAML", "overrides: [", "not valid YAML"],
    ["a list", "- a", "not a YAML mapping"],
    ["another section", "limits: {}", "limits is not known here"],
    ["a list of tenants", "overrides: [a]", "not a mapping of tenants"],
  ])("that is %s is refused", (_, text, why) => {
    expect(problemsOf(text)[0]).toContain(why);
  });

  test("cannot reach what every object inherits", () => {
    expect(
      problemsOf("overrides: {a: {constructor: 5, __proto__: {ingestion_rate: 1}}}"),
    ).not.toEqual([]);
    expect(({} as Record<string, unknown>)["ingestionRate"]).toBeUndefined();
  });
});
