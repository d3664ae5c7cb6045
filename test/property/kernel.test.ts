import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compileKernel,
  createShardKernel,
  type KernelModule,
  type ShardKernel,
  type TenantRules,
} from "../../server/kernel/index.ts";
import { seededPrng } from "../../server/platform/base/index.ts";
import {
  encodePayload,
  staleStandIn,
  type TestHistogram,
  type TestSeries,
} from "../support/kernel-payloads.ts";
import { Twins } from "../support/kernel-twin.ts";
import { histogramRun, oddHistogram } from "../support/native-histograms.ts";

const module: KernelModule = await compileKernel();
const baseMs = 1_700_000_000_000;

/** Few distinct labels, so that series meet again; some are invalid in one way or another. */
const label: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(fc.constantFrom("a", "b", "job"), fc.constantFrom("1", "2", "ü")),
  },
  { weight: 1, arbitrary: fc.constantFrom(["", "x"], ["e", ""], ["long", "v".repeat(300)]) },
) as fc.Arbitrary<readonly [string, string]>;

const labels: fc.Arbitrary<readonly (readonly [string, string])[]> = fc
  .tuple(
    fc.constantFrom("up", "m", "n", ""),
    fc.oneof(
      { weight: 6, arbitrary: fc.uniqueArray(label, { maxLength: 4, selector: ([name]) => name }) },
      { weight: 1, arbitrary: fc.array(label, { maxLength: 6 }) },
    ),
    fc.boolean(),
  )
  .map(([name, rest, shuffled]) => {
    const all: (readonly [string, string])[] = [["__name__", name], ...rest];
    return shuffled ? all.reverse() : all.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  });

const time: fc.Arbitrary<number> = fc
  .oneof(
    fc.integer({ min: -20, max: 40 }).map((step) => step * 15_000),
    fc.integer({ min: -9_000_000, max: 9_000_000 }),
    fc.constantFrom(-(2 ** 50), 2 ** 50, -baseMs),
  )
  .map((offset) => baseMs + offset);

const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double(),
  fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, 5e-324, staleStandIn),
);

/** When counting began: seldom said, seldom changed, once in a while behind the sample. */
const startOf = (timeMs: number, n: number): number =>
  n < 6 ? 0 : n < 10 ? baseMs - 1000 : n === 10 ? timeMs - 5 : timeMs + 70_000;
const startNumber = fc.integer({ min: 0, max: 11 });
const sample = fc
  .tuple(time, value, startNumber)
  .map(([timeMs, v, n]) => [timeMs, v, startOf(timeMs, n)] as const);

/** Runs of samples: mostly ascending, sometimes long, sometimes in any order. */
const samples: fc.Arbitrary<readonly (readonly [number, number, number])[]> = fc.oneof(
  { weight: 4, arbitrary: fc.array(sample, { maxLength: 3 }) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        time,
        fc.array(value, { minLength: 1, maxLength: 160 }),
        fc.integer({ min: 1, max: 60_000 }),
        startNumber,
        fc.integer({ min: 0, max: 400 }),
      )
      .map(([from, values, step, n, changeAt]) =>
        values.map((v, i) => {
          const timeMs = from + i * step;
          return [timeMs, v, startOf(timeMs, i < changeAt ? n : 11 - n)] as const;
        }),
      ),
  },
  { weight: 1, arbitrary: fc.array(sample, { maxLength: 90 }) },
);

const shortRun = histogramRun(time, { min: 0, max: 12 });
const longRun = histogramRun(time, { min: 20, max: 200 });

/** None most of the time; runs, some long, some twice or out of order, some that are wrong. */
const histograms: fc.Arbitrary<readonly TestHistogram[]> = fc.oneof(
  { weight: 6, arbitrary: fc.constant([]) },
  { weight: 3, arbitrary: shortRun },
  { weight: 1, arbitrary: longRun },
  { weight: 1, arbitrary: fc.oneof(longRun, shortRun).map((run) => [...run, ...run.slice(-30)]) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(shortRun, shortRun, fc.array(oddHistogram(time)))
      .map((lists) => lists.flat()),
  },
);

const series: fc.Arbitrary<TestSeries> = fc.record({ labels, samples, histograms });

type Encoding = Pick<TenantRules, "startTimestampsStored" | "floatsAsXor2">;

/** The second tenant stores start timestamps, the third has floats as XOR2, at first. */
function encodingOf(tenant: number): Encoding {
  return { startTimestampsStored: tenant === 2, floatsAsXor2: tenant === 70_000 };
}

const rules: fc.Arbitrary<Omit<TenantRules, keyof Encoding>> = fc.record({
  seriesMax: fc.constantFrom(0, 0, 5),
  labelNamesMax: fc.constantFrom(0, 3, 30),
  labelNameSizeBytesMax: fc.constantFrom(0, 3, 100),
  labelValueSizeBytesMax: fc.constantFrom(0, 200),
  outOfOrderWindowMs: fc.constantFrom(0, 600_000, 7_200_000),
  nativeHistogramsEnabled: fc.constantFrom(true, true, false),
  nativeHistogramBucketsMax: fc.constantFrom(0, 0, 2),
});

type Step =
  | {
      readonly kind: "push";
      readonly tenant: number;
      readonly format: 1 | 2;
      readonly series: readonly TestSeries[];
      readonly abandon: boolean;
    }
  | {
      readonly kind: "rules";
      readonly tenant: number;
      readonly rules: Omit<TenantRules, keyof Encoding>;
    }
  | { readonly kind: "encoding"; readonly tenant: number; readonly encoding: Encoding }
  | {
      readonly kind: "cut";
      readonly tenant: number;
      readonly beforeMs: number;
      readonly visitsMax: number;
    };

const tenant = fc.constantFrom(1, 2, 70_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("push" as const),
      tenant,
      format: fc.constantFrom(1 as const, 2 as const),
      series: fc.array(series, { maxLength: 8 }),
      abandon: fc.constantFrom(false, false, false, false, true),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rules" as const), tenant, rules }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("encoding" as const),
      tenant,
      encoding: fc.record({ startTimestampsStored: fc.boolean(), floatsAsXor2: fc.boolean() }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("cut" as const),
      tenant,
      beforeMs: time,
      visitsMax: fc.constantFrom(1, 3, 1000),
    }),
  },
);

/** Pushes one sample of each of many series of tenant 1. */
function pushMany(twins: Twins, ids: readonly number[], timeMs: number): void {
  const series = ids.map(
    (id): TestSeries => ({
      labels: [
        ["__name__", "many"],
        ["half", String(id % 2)],
        ["id", String(id)],
      ],
      samples: [[timeMs, id]],
    }),
  );
  const payload = encodePayload(1, series);
  twins.push({ tenant: 1, format: 1, payload, timeMsMax: timeMs, newestMs: 0 });
}

function start(hashMask?: bigint, skipSizeBytes = 0): Promise<ShardKernel> {
  return createShardKernel({
    module,
    hashKey: 42n,
    skipSizeBytes,
    ...(hashMask === undefined ? {} : { hashMask }),
  });
}

function run(twins: Twins, steps: readonly Step[]): void {
  for (const one of steps) {
    if (one.kind === "rules") {
      twins.setTenant(one.tenant, { ...one.rules, ...encodingOf(one.tenant) });
    } else if (one.kind === "encoding") {
      twins.setTenant(one.tenant, { ...allRules, ...one.encoding });
    } else if (one.kind === "push") {
      const payload = encodePayload(one.format, one.series);
      twins.push({
        ...one,
        payload,
        timeMsMax: baseMs + 8_000_000,
        newestMs: baseMs - 100_000_000,
      });
    } else cut(twins, one);
  }
}

function cut(twins: Twins, visit: { tenant: number; beforeMs: number; visitsMax: number }): void {
  for (let fromRef = 1; fromRef !== 0; ) fromRef = twins.kernel.seal({ ...visit, fromRef });
  twins.model.seal({ ...visit, fromRef: 1 });
  twins.drain();
  twins.compare();
  const everything = { file: 2, offsetBytes: 0 };
  for (let fromRef = 1; fromRef !== 0; ) {
    fromRef = twins.kernel.truncate({ ...visit, fromRef }, everything);
  }
  twins.model.truncate({ ...visit, fromRef: 1 }, twins.model.sealedCount());
}

const allRules: Omit<TenantRules, keyof Encoding> = {
  seriesMax: 0,
  labelNamesMax: 30,
  labelNameSizeBytesMax: 1024,
  labelValueSizeBytesMax: 2048,
  outOfOrderWindowMs: 7_200_000,
  nativeHistogramsEnabled: true,
  nativeHistogramBucketsMax: 0,
};

function knownTenants(twins: { setTenant(tenant: number, rules: TenantRules): void }): void {
  for (const index of [1, 2, 70_000]) {
    twins.setTenant(index, { ...allRules, ...encodingOf(index) });
  }
}

const steps = fc.array(step, { minLength: 1, maxLength: 10 });
const runs = Number(process.env["KERNEL_RUNS"] ?? 60);

// Long runs of histograms are slow in the twin, and slower on a machine with other work.
describe("the kernel does what its twin does", { timeout: 120_000 }, () => {
  test.each([
    ["with all bits of the hashes", undefined],
    ["with three bits of the hashes, so that chains are long", 7n],
    ["when all hashes collide", 0n],
    ["above 2 GiB", undefined, 2 ** 31 - 2 ** 20],
  ])("%s", async (_, mask, skipSizeBytes = 0) => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const twins = new Twins(await start(mask, skipSizeBytes));
        knownTenants(twins);
        run(twins, all);
        twins.compare();
      }),
      { numRuns: skipSizeBytes > 0 ? Math.ceil(runs / 4) : runs },
    );
  });

  test("when lists are long and mostly dead after a cut", async () => {
    const life = fc.record({
      kept: fc.integer({ min: 0, max: 100 }),
      visitsMax: fc.constantFrom(1, 7, 100, 1000),
      seed: fc.integer({ min: 1, max: 1 << 30 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 4 }), async (lives) => {
        const twins = new Twins(await start());
        knownTenants(twins);
        for (const [number, { kept, visitsMax, seed }] of lives.entries()) {
          const fromMs = baseMs + number * 7_200_000;
          const prng = seededPrng(seed);
          const all = Array.from({ length: 120 }, () => prng.below(150));
          pushMany(twins, all, fromMs);
          pushMany(
            twins,
            all.filter(() => prng.below(100) < kept),
            fromMs + 7_000_000,
          );
          cut(twins, { tenant: 1, beforeMs: fromMs + 3_600_000, visitsMax });
          twins.compare();
        }
      }),
      { numRuns: Math.ceil(runs / 12) },
    );
  });

  test("a snapshot round trip changes nothing", async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        steps,
        fc.constantFrom(1, 500, 100_000),
        async (before, after, size) => {
          const twins = new Twins(await start());
          knownTenants(twins);
          run(twins, before);
          twins.goOnWith(copyOf(twins.kernel, await start(), size));
          knownTenants(twins);
          twins.compare();
          run(
            twins,
            after.filter(({ kind }) => kind === "push" || kind === "cut"),
          );
          twins.compare();
        },
      ),
      { numRuns: runs },
    );
  });

  test("replaying the log makes the same kernel", async () => {
    const pushes = steps.map((all) =>
      all.filter(({ kind }) => kind === "push" || kind === "rules"),
    );
    await fc.assert(
      fc.asyncProperty(pushes, async (all) => {
        const twins = new Twins(await start());
        knownTenants(twins);
        run(twins, all);
        const copy = await start(7n);
        knownTenants(copy);
        copy.setChunksPosition({ file: 1, offsetBytes: 0 });
        for (const record of twins.records) replay(copy, record, [0, 0]);
        twins.compare(copy);
        expect(copy.replayRowsUnknown()).toBe(0);
      }),
      { numRuns: runs },
    );
  });

  test("a snapshot taken between batches and the log behind it make the same kernel", async () => {
    const pushes = steps.map((all) => all.filter((one) => one.kind === "push"));
    await fc.assert(
      fc.asyncProperty(pushes, pushes, async (before, during) => {
        const twins = new Twins(await start());
        knownTenants(twins);
        run(twins, before);
        const startRecord = twins.records.length;
        const rest = [...during];
        const snapshot = takeSnapshot(twins, () => run(twins, rest.splice(0, 1)));
        run(twins, rest);
        const copy = await start();
        knownTenants(copy);
        copy.setChunksPosition({ file: 1, offsetBytes: 0 });
        load(copy, snapshot);
        for (const [number, record] of twins.records.entries()) {
          if (number >= startRecord) replay(copy, record, skipRange(snapshot.series, number));
        }
        twins.compareSamples(copy);
        expect(copy.replayRowsUnknown()).toBe(0);
      }),
      { numRuns: runs },
    );
  });
});

interface Slice {
  readonly section: Uint8Array;
  readonly firstRef: number;
  /** Records that the log had when the slice was taken. */
  readonly records: number;
}

interface Snapshot {
  readonly series: readonly Slice[];
  readonly pairs: readonly Uint8Array[];
}

/** Takes a snapshot in small slices, and lets something happen after each. */
function takeSnapshot(twins: Twins, between: () => void): Snapshot {
  const series: Slice[] = [];
  for (let firstRef = 1; firstRef !== 0; ) {
    const { section, nextRef } = twins.kernel.exportSeries(firstRef, 1);
    series.push({ section: section.slice(), firstRef, records: twins.records.length });
    firstRef = nextRef;
    between();
  }
  const pairs: Uint8Array[] = [];
  for (let id = 1; id !== 0; ) {
    const { section, nextId } = twins.kernel.exportPairs(id, 1);
    pairs.push(section.slice());
    id = nextId;
  }
  return { series, pairs };
}

function load(kernel: ShardKernel, snapshot: Snapshot): void {
  for (const section of snapshot.pairs) {
    kernel.input(section.length).set(section);
    expect(kernel.importPairs(section.length)).toBeUndefined();
  }
  for (const { section } of snapshot.series) {
    kernel.input(section.length).set(section);
    expect(kernel.importSeries(section.length)).toBeUndefined();
  }
}

/** Refs whose rows of a record the snapshot holds already. */
function skipRange(slices: readonly Slice[], record: number): readonly [number, number] {
  const slice = slices.find(({ records }) => records > record);
  return slice === undefined ? [1, 0] : [slice.firstRef, 0xffff_ffff];
}

function replay(kernel: ShardKernel, record: Uint8Array, skip: readonly [number, number]): void {
  kernel.input(record.length).set(record);
  expect(kernel.replay(record.length, skip[0], skip[1])).toBeUndefined();
}

/** Carries a kernel over into another one by its snapshot sections. */
function copyOf(from: ShardKernel, to: ShardKernel, sizeBytes: number): ShardKernel {
  const series: Slice[] = [];
  for (let firstRef = 1; firstRef !== 0; ) {
    const { section, nextRef } = from.exportSeries(firstRef, sizeBytes);
    series.push({ section: section.slice(), firstRef, records: 0 });
    firstRef = nextRef;
  }
  const pairs: Uint8Array[] = [];
  for (let id = 1; id !== 0; ) {
    const { section, nextId } = from.exportPairs(id, sizeBytes);
    pairs.push(section.slice());
    id = nextId;
  }
  load(to, { series, pairs });
  return to;
}
