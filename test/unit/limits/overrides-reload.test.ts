import { expect, test } from "vitest";
import { createLimits } from "../../../server/limits/limits.ts";
import { startOverridesReload } from "../../../server/limits/overrides-reload.ts";
import { multitenantDefaults } from "../../../server/limits/tenant-limits.ts";
import { type Logger, silentLogger } from "../../../server/platform/telemetry/index.ts";
import { createManualClock } from "../../support/manual-clock.ts";

async function scene(first: string) {
  const clock = createManualClock();
  const limits = createLimits({ defaults: multitenantDefaults, overrides: new Map() });
  const file = { text: first, failure: undefined as Error | undefined };
  const results: boolean[] = [];
  const errors: unknown[] = [];
  const logger: Logger = {
    ...silentLogger,
    error: (_, fields) => errors.push(fields?.["fault"]),
  };
  const reload = await startOverridesReload({
    limits,
    name: "overrides.yaml",
    read: async () => {
      if (file.failure !== undefined) throw file.failure;
      return file.text;
    },
    clock,
    logger,
    onReload: (success) => results.push(success),
  });
  const pass = async () => {
    clock.advance(10_000);
    await reload.reload();
  };
  return { limits, file, results, errors, reload, pass };
}

const withRate = (rate: number | string) => `overrides: {a: {ingestion_rate: ${rate}}}`;

test("the file is read at the start and every ten seconds", async () => {
  const { limits, file, pass } = await scene(withRate(5));
  expect(limits.limitsFor("a").ingestionRate).toBe(5);
  file.text = withRate(6);
  await pass();
  expect(limits.limitsFor("a").ingestionRate).toBe(6);
});

test("a file that did not change leaves the epoch alone", async () => {
  const { limits, pass } = await scene(withRate(5));
  const { epoch } = limits;
  await pass();
  expect(limits.epoch).toBe(epoch);
});

test("a bad file keeps the last good one and is reported once per reason", async () => {
  const { limits, file, pass, results, errors } = await scene(withRate(5));
  file.text = withRate("fast");
  await pass();
  await pass();
  expect(limits.limitsFor("a").ingestionRate).toBe(5);
  expect(results).toEqual([true, false, false]);
  expect(errors).toHaveLength(1);
  file.failure = new Error("gone");
  await pass();
  expect(errors).toHaveLength(2);
  file.failure = undefined;
  file.text = withRate(7);
  await pass();
  expect(limits.limitsFor("a").ingestionRate).toBe(7);
  expect(results.at(-1)).toBe(true);
});

test("after stop nothing changes any more", async () => {
  const { limits, file, reload, pass } = await scene(withRate(5));
  reload.stop();
  file.text = withRate(6);
  await pass();
  expect(limits.limitsFor("a").ingestionRate).toBe(5);
});
