import { expect, test } from "vitest";
import { seededPrng } from "../../../../server/platform/base/index.ts";
import { undecided, writeShortest } from "../../../../server/querier/json/shortest.ts";

const bytes = new Uint8Array(40);

/** The text, or undefined when the digits could not be told. */
function written(value: number): string | undefined {
  const end = writeShortest(bytes, 2, value);
  return end === undecided ? undefined : new TextDecoder().decode(bytes.subarray(2, end));
}

test("a hundred thousand doubles of all sizes have JavaScript's own digits", () => {
  const prng = seededPrng(7);
  let decided = 0;
  for (let i = 0; i < 100_000; i++) {
    const value = (prng.next() + 0.1) * 10 ** (prng.below(20) - 5);
    const text = written(value);
    if (text === undefined || Number.isInteger(value)) continue;
    decided++;
    if (text !== String(value)) expect(text).toBe(String(value));
  }
  expect(decided).toBeGreaterThan(95_000);
});

test("neighbours of short decimals are told from them", () => {
  const words = new BigInt64Array(1);
  const doubles = new Float64Array(words.buffer);
  for (let n = 1; n < 20_000; n++) {
    for (const scale of [10, 1000, 1e6]) {
      for (const step of [-2n, -1n, 0n, 1n, 2n]) {
        doubles[0] = n / scale;
        words[0] = (words[0] as bigint) + step;
        const value = doubles[0] as number;
        const text = written(value);
        if (Number.isInteger(value) || text === undefined) continue;
        if (text !== String(value)) expect(text).toBe(String(value));
      }
    }
  }
});

test.each([
  [16.666666666666668, "16.666666666666668"],
  [1 / 3, "0.3333333333333333"],
  [0.1 + 0.2, "0.30000000000000004"],
  [0.000001234567890123, "0.000001234567890123"],
  [123456789.12345679, "123456789.12345679"],
])("%d", (value, text) => {
  expect(written(value)).toBe(text);
});

test.each([0.5, 2 ** -10, 1e-7, 2 ** 60, 0, -1.1, Number.NaN, Infinity])(
  "%d is left to somebody slower",
  (value) => {
    expect(written(value)).toBeUndefined();
  },
);
