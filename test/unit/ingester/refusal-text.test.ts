import { describe, expect, test } from "vitest";
import { refusalError } from "../../../server/ingester/refusal-text.ts";
import { type Refusal, type RefusalKind, refusalKinds } from "../../../server/kernel/face.ts";
import { multitenantDefaults } from "../../../server/limits/index.ts";
import { errorCatalogue } from "../../../server/model/index.ts";
import { encodePayload, type TestSeries } from "../../support/kernel-payloads.ts";

const series: TestSeries = {
  labels: [
    ["zone", "z"],
    ["__name__", "up"],
    ["job", 'a"b'],
  ],
  samples: [[1_700_000_000_000, 1]],
};

/** A refusal of the second of three series of a payload. */
function refusalIn(format: 1 | 2, kind: RefusalKind): { refusal: Refusal; payload: Uint8Array } {
  const other = { labels: [["__name__", "other"]], samples: [[1, 1]] } as const;
  const payload = encodePayload(format, [other, series, other]);
  const tag = format === 1 ? 0x0a : 0x2a;
  let at = format === 1 ? 0 : payload.indexOf(0x2a);
  at += 2 + (payload[at + 1] ?? 0);
  expect(payload[at]).toBe(tag);
  const refusal: Refusal = {
    kind,
    samples: 3,
    seriesOffsetBytes: at + 2,
    seriesSizeBytes: payload[at + 1] ?? 0,
    timeMs: 1_700_000_000_000,
  };
  return { refusal, payload };
}

describe("refusals in words", () => {
  test.each([1, 2] as const)("the series of a remote write %i.0 payload is named", (format) => {
    const { refusal, payload } = refusalIn(format, "sample-out-of-order");
    const error = refusalError(refusal, { format, payload, limits: multitenantDefaults });
    expect(error?.id).toBe("err-urd-sample-out-of-order");
    expect(error?.series).toBe('up{job="a\\"b", zone="z"}');
    expect(error?.message).toContain('up{job="a\\"b", zone="z"} at 2023-11-14T22:13:20.000Z');
  });

  test.each(refusalKinds.filter((kind) => kind !== "none"))(
    "%s is a whole sentence and names what to change",
    (kind) => {
      const { refusal, payload } = refusalIn(1, kind);
      const error = refusalError(refusal, { format: 1, payload, limits: multitenantDefaults });
      expect(error?.id).toBe(`err-urd-${kind}`);
      expect(error?.message).toMatch(/^[A-Z].*\.$/);
      const { option } = errorCatalogue[kind];
      const isTenantLimit =
        option?.startsWith("limits.") === true && kind !== "native-histograms-disabled";
      if (isTenantLimit) expect(error?.message).toContain(option);
    },
  );

  test("none says nothing; a place outside the payload and a time outside dates do no harm", () => {
    const { refusal, payload } = refusalIn(1, "none");
    const context = { format: 1, payload, limits: multitenantDefaults } as const;
    expect(refusalError(refusal, context)).toBeUndefined();
    const strange = {
      ...refusal,
      kind: "too-far-in-future",
      seriesOffsetBytes: 1e6,
      timeMs: 9e18,
    } as const;
    expect(refusalError(strange, context)?.message).toContain("{} at 9000000000000000000 ms");
  });

  test("long labels are cut", () => {
    const long: TestSeries = { labels: [["__name__", "x".repeat(5000)]], samples: [[1, 1]] };
    const payload = encodePayload(1, [long]);
    const refusal: Refusal = {
      kind: "label-value-too-long",
      samples: 1,
      seriesOffsetBytes: 3,
      seriesSizeBytes: payload.length - 3,
      timeMs: 0,
    };
    const error = refusalError(refusal, { format: 1, payload, limits: multitenantDefaults });
    expect(error?.series?.length).toBeLessThanOrEqual(1024);
    expect(error?.message.length).toBeLessThan(2500);
  });
});
