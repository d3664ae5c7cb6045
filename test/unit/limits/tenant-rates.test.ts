import { expect, test } from "vitest";
import { createLimits } from "../../../server/limits/limits.ts";
import { multitenantDefaults } from "../../../server/limits/tenant-limits.ts";
import { createTenantRates } from "../../../server/limits/tenant-rates.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const defaults = { ...multitenantDefaults, ingestionRate: 10, ingestionBurst: 10 };

function scene() {
  const limits = createLimits({ defaults, overrides: new Map() });
  const rates = createTenantRates({
    limits,
    clock: createManualClock(),
    rateOf: (of) => ({ ratePerSecond: of.ingestionRate, burst: of.ingestionBurst }),
  });
  return { limits, rates };
}

test("each tenant has a bucket of its own", () => {
  const { rates } = scene();
  expect(rates.take("a", 10)).toBe(true);
  expect(rates.take("a", 1)).toBe(false);
  expect(rates.take("b", 10)).toBe(true);
});

test("changed limits hold at the next request", () => {
  const { limits, rates } = scene();
  expect(rates.take("a", 10)).toBe(true);
  limits.replace({ defaults: { ...defaults, ingestionRate: 0 }, overrides: new Map() });
  expect(rates.take("a", 1000)).toBe(true);
});

test("a rate without a burst allows what one second brings", () => {
  const { limits, rates } = scene();
  limits.replace({ defaults: { ...defaults, ingestionBurst: 0 }, overrides: new Map() });
  expect(rates.take("a", 11)).toBe(false);
  expect(rates.take("a", 10)).toBe(true);
});
