import { expect, test } from "vitest";
import { createLimits } from "../../../server/limits/limits.ts";
import { multitenantDefaults } from "../../../server/limits/tenant-limits.ts";

test("a tenant without overrides has the defaults, others only what they override", () => {
  const limits = createLimits({
    defaults: multitenantDefaults,
    overrides: new Map([["a", { seriesMax: 7 }]]),
  });
  expect(limits.limitsFor("b")).toBe(multitenantDefaults);
  expect(limits.limitsFor("a")).toEqual({ ...multitenantDefaults, seriesMax: 7 });
  expect(limits.limitsFor("a")).toBe(limits.limitsFor("a"));
});

test("a change raises the epoch and is told, with a state that crosses threads", () => {
  const limits = createLimits({ defaults: multitenantDefaults, overrides: new Map() });
  const elsewhere = createLimits(structuredClone(limits.state));
  const stop = limits.onChange((state) => elsewhere.replace(structuredClone(state)));
  const before = limits.epoch;
  limits.replace({ ...limits.state, overrides: new Map([["a", { ingestionRate: 5 }]]) });
  expect(limits.epoch).toBeGreaterThan(before);
  expect(elsewhere.limitsFor("a").ingestionRate).toBe(5);
  stop();
  limits.replace({ ...limits.state, overrides: new Map() });
  expect(elsewhere.limitsFor("a").ingestionRate).toBe(5);
  expect(limits.limitsFor("a").ingestionRate).toBe(multitenantDefaults.ingestionRate);
});
