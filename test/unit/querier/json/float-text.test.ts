import fc from "fast-check";
import { expect, test } from "vitest";
import {
  floatSizeBytesMax,
  floatText,
  scalarText,
  writeFloat,
} from "../../../../server/querier/json/float-text.ts";

function written(value: number): string {
  const bytes = new Uint8Array(floatSizeBytesMax + 1);
  return new TextDecoder().decode(bytes.subarray(1, writeFloat(bytes, 1, value)));
}

// What a real Prometheus 3.5.3 printed for samples with these values.
const printed: readonly (readonly [number, string])[] = [
  [0, "0"],
  [-0, "-0"],
  [-1, "-1"],
  [1.5, "1.5"],
  [0.1, "0.1"],
  [1e-6, "0.000001"],
  [9.99e-7, "9.99e-07"],
  [1e-7, "1e-07"],
  [1e20, "100000000000000000000"],
  [1e21, "1e+21"],
  [1.2345e21, "1.2345e+21"],
  [123456789012345680000, "123456789012345680000"],
  [5e-324, "5e-324"],
  [1.7976931348623157e308, "1.7976931348623157e+308"],
  [Number.NaN, "NaN"],
  [Infinity, "+Inf"],
  [-Infinity, "-Inf"],
  [2 ** 53, "9007199254740992"],
  [2 ** 53 + 2, "9007199254740994"],
  [0.000001234, "0.000001234"],
  [1234567.891, "1234567.891"],
  [-1e-9, "-1e-09"],
  [1e-10, "1e-10"],
  [-1.5e21, "-1.5e+21"],
  [1 / 3, "0.3333333333333333"],
  [123456789.12345679, "123456789.12345679"],
  [16.666666666666668, "16.666666666666668"],
];

test.each(printed)("%d is printed as %s", (value, text) => {
  expect(written(value)).toBe(text);
});

test("every double is printed as its shortest digits, by whichever path", () => {
  const value = fc.oneof(
    fc.double(),
    fc.integer({ min: -(2 ** 53), max: 2 ** 53 }),
    fc.integer({ min: -1e9, max: 1e9 }).map((n) => n / 1000),
    fc.integer({ min: -1e12, max: 1e12 }).map((n) => n / 1e6),
  );
  fc.assert(
    fc.property(value, (number) => {
      expect(written(number)).toBe(floatText(number));
      if (Number.isFinite(number)) expect(Object.is(Number(written(number)), number)).toBe(true);
    }),
  );
});

test("scalars never have an exponent", () => {
  expect(scalarText(1e21)).toBe("1000000000000000000000");
  expect(scalarText(-1.5e22)).toBe("-15000000000000000000000");
  expect(scalarText(1e-7)).toBe("0.0000001");
  expect(scalarText(-1.25e-8)).toBe("-0.0000000125");
  expect(scalarText(1e300)).toBe(`1${"0".repeat(300)}`);
  expect(scalarText(-0)).toBe("-0");
  expect(scalarText(0.1 + 0.2)).toBe("0.30000000000000004");
  expect(scalarText(-Infinity)).toBe("-Inf");
});
