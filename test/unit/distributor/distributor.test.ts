import { zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createDistributor, type PushHead } from "../../../server/distributor/distributor.ts";
import { createLimits, type TenantLimits } from "../../../server/limits/index.ts";
import { singleProcessDefaults } from "../../../server/limits/tenant-limits.ts";
import { urdError } from "../../../server/model/index.ts";
import type { UrdError } from "../../../server/platform/base/index.ts";
import { createMetricRegistry } from "../../../server/platform/telemetry/index.ts";
import { createStandInKernel, snappy } from "../../support/front-kernel-stand-in.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createRecordingIngester } from "../../support/recording-ingester.ts";
import { writeRequest1, writeRequest2 } from "../../support/write-requests.ts";

interface SceneOptions {
  readonly limits?: Partial<TenantLimits>;
  readonly shards?: number;
  readonly inflightPushesMax?: number;
  readonly inflightPushSizeBytesMax?: number;
  readonly kernelSizeBytes?: number;
}

function scene(options: SceneOptions = {}) {
  const kernel = createStandInKernel(options.kernelSizeBytes);
  const clock = createManualClock();
  const ingesters = Array.from({ length: options.shards ?? 1 }, createRecordingIngester);
  const distributor = createDistributor({
    frontKernel: kernel,
    ingesters,
    limits: createLimits({
      defaults: { ...singleProcessDefaults({ memorySizeBytes: 0 }), ...options.limits },
      overrides: new Map(),
    }),
    instanceLimits: {
      inflightPushesMax: options.inflightPushesMax ?? 10,
      inflightPushSizeBytesMax: options.inflightPushSizeBytesMax ?? 2 ** 24,
    },
    pushTimeoutMs: 1000,
    clock,
    metrics: createMetricRegistry(),
  });
  const begin = (body: Uint8Array, head: Partial<PushHead> = {}) =>
    distributor.begin({
      tenant: "t",
      format: 1,
      encoding: "snappy",
      declaredSizeBytes: body.length,
      ...head,
    });
  const send = async (body: Uint8Array, head: Partial<PushHead> = {}) => {
    const push = begin(body, head);
    for (let i = 0; i < body.length; i += 1000) push.write(body.subarray(i, i + 1000));
    return push.finish();
  };
  const refusal = async (body: Uint8Array, head: Partial<PushHead> = {}) => {
    try {
      await send(body, head);
    } catch (error) {
      return (error as UrdError).id;
    }
    return undefined;
  };
  const nothingHeld = () => {
    expect(kernel.lent).toBe(0);
    expect(distributor.admission.inflightPushes).toBe(0);
    expect(distributor.admission.inflightSizeBytes).toBe(0);
  };
  return { kernel, clock, ingesters, distributor, begin, send, refusal, nothingHeld };
}

const twoSeries = [
  { metric: "a", samples: [[1000, 1] as const, [2000, 2] as const] },
  { metric: "b", samples: [[1000, 3] as const] },
];

describe("a push", () => {
  test.each([
    ["1.0 with snappy", { format: 1, encoding: "snappy" }, snappy(writeRequest1(twoSeries))],
    ["2.0 with snappy", { format: 2, encoding: "snappy" }, snappy(writeRequest2(twoSeries))],
    ["1.0 with zstd", { format: 1, encoding: "zstd" }, zstdCompressSync(writeRequest1(twoSeries))],
    ["2.0 as it is", { format: 2, encoding: "none" }, writeRequest2(twoSeries)],
  ] as const)("in %s reaches its shard", async (_, head, body) => {
    const { send, ingesters, nothingHeld } = scene();
    const outcome = await send(body, head);
    expect(outcome).toMatchObject({ samplesStored: 3, refused: [], failure: undefined });
    expect(ingesters[0]?.pushes).toMatchObject([{ tenant: "t", samples: 3 }]);
    await Promise.resolve();
    nothingHeld();
  });

  test("of unknown size grows with its body", async () => {
    const { send, ingesters, nothingHeld } = scene();
    const many = Array.from({ length: 20_000 }, (_, i) => ({
      metric: `metric_${(i * 7919) % 20_011}`,
      samples: [[i, i] as const],
    }));
    const body = writeRequest1(many);
    expect(body.length).toBeGreaterThan(3 * 64 * 1024);
    await send(body, { encoding: "none", declaredSizeBytes: undefined });
    expect(ingesters[0]?.pushes[0]?.samples).toBe(20_000);
    await Promise.resolve();
    nothingHeld();
  });

  test("is cut by shard when the tenant has several, and its parts come back as one", async () => {
    const { send, ingesters, nothingHeld } = scene({ shards: 3 });
    const outcome = await send(snappy(writeRequest1(twoSeries)));
    expect(outcome.samplesStored).toBe(3);
    expect(ingesters.map(({ pushes }) => pushes.length)).toEqual([1, 1, 0]);
    await Promise.resolve();
    nothingHeld();
  });

  test("of a small tenant goes whole to one shard, always the same", async () => {
    const { send, ingesters } = scene({ shards: 3, limits: { seriesMax: 1000 } });
    await send(snappy(writeRequest1(twoSeries)));
    await send(snappy(writeRequest1(twoSeries)));
    expect(ingesters.map(({ pushes }) => pushes.length)).toContain(2);
  });

  test("with metadata alone reaches one shard", async () => {
    const { send, ingesters } = scene({ shards: 3 });
    const body = snappy(writeRequest1([], [{ metricFamilyName: "m", help: "h" }]));
    expect((await send(body)).failure).toBeUndefined();
    expect(ingesters[0]?.pushes).toMatchObject([{ metadata: 1 }]);
  });

  test("with exemplars alone is no error", async () => {
    const { send } = scene();
    const outcome = await send(snappy(writeRequest1([{ exemplars: [[1000, 1]] }])));
    expect(outcome).toMatchObject({ samplesStored: 0, exemplarsStored: 1, failure: undefined });
  });

  test("that holds nothing stores nothing and asks no shard", async () => {
    const { send, ingesters, nothingHeld } = scene();
    expect((await send(Uint8Array.of(0))).samplesStored).toBe(0);
    expect((await send(new Uint8Array(), { encoding: "none" })).samplesStored).toBe(0);
    expect(ingesters[0]?.pushes).toEqual([]);
    nothingHeld();
  });
});

describe("bad bodies are refused, stored nowhere, and leave no memory behind", () => {
  const good = snappy(writeRequest1(twoSeries));
  test.each([
    ["empty", new Uint8Array()],
    ["no snappy", Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ["cut", good.subarray(0, good.length - 2)],
    ["snappy of rubbish", snappy(Uint8Array.of(0xff, 0xff, 0xff))],
    ["a length without content", Uint8Array.of(0x80, 0x80, 0x40)],
    ["zero length with content", Uint8Array.of(0, 1, 2)],
  ])("%s", async (_, body) => {
    const { refusal, ingesters, nothingHeld } = scene();
    expect(await refusal(body)).toBe("err-urd-write-request-invalid");
    expect(ingesters[0]?.pushes).toEqual([]);
    nothingHeld();
  });

  test("a symbol reference that points outside", async () => {
    const { refusal, nothingHeld } = scene();
    const body = writeRequest2(twoSeries);
    const symbol = body.indexOf("a".charCodeAt(0));
    const broken = Uint8Array.from([...body.subarray(0, symbol - 2), ...body.subarray(symbol + 1)]);
    expect(await refusal(broken, { format: 2, encoding: "none" })).toBe(
      "err-urd-write-request-invalid",
    );
    nothingHeld();
  });

  test("a block that declares 4 GB costs no memory", async () => {
    const { refusal, kernel, nothingHeld } = scene();
    const lie = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0);
    expect(await refusal(lie)).toBe("err-urd-distributor-max-write-message-size");
    // 60 MB is allowed, but seven bytes cannot hold it.
    const smaller = Uint8Array.of(0x80, 0x80, 0x80, 0x1e, 0, 0, 0);
    expect(await refusal(smaller)).toBe("err-urd-write-request-invalid");
    expect(kernel.lent).toBe(0);
    nothingHeld();
  });
});

describe("limits", () => {
  test("a body that is too large is refused before it is read, while it comes, or decoded", async () => {
    const { begin, refusal, nothingHeld } = scene({ limits: { writeMessageSizeBytesMax: 2000 } });
    const tooLarge = "err-urd-distributor-max-write-message-size";
    const body = writeRequest1([{ metric: "x".repeat(5000), samples: [[1, 1]] }]);
    expect(() => begin(body)).toThrow(expect.objectContaining({ id: tooLarge }));
    expect(await refusal(body, { declaredSizeBytes: undefined, encoding: "none" })).toBe(tooLarge);
    expect(snappy(body).length).toBeLessThan(2000);
    expect(await refusal(snappy(body))).toBe(tooLarge);
    expect(await refusal(zstdCompressSync(body), { encoding: "zstd" })).toBe(tooLarge);
    nothingHeld();
  });

  test("over its rate a tenant's request is dropped as a whole, and others' are not", async () => {
    const { send, refusal, clock, ingesters, nothingHeld } = scene({
      limits: { ingestionRate: 3, ingestionBurst: 3 },
    });
    const body = snappy(writeRequest1(twoSeries));
    expect(await refusal(body)).toBeUndefined();
    expect(await refusal(body)).toBe("err-urd-tenant-max-ingestion-rate");
    expect(ingesters[0]?.pushes).toHaveLength(1);
    expect((await send(body, { tenant: "other" })).samplesStored).toBe(3);
    clock.advance(1000);
    expect(await refusal(body)).toBeUndefined();
    await Promise.resolve();
    nothingHeld();
  });

  test("over its request rate a tenant is refused before its body is read", () => {
    const { begin, nothingHeld } = scene({ limits: { requestRate: 1, requestBurst: 1 } });
    const body = snappy(writeRequest1(twoSeries));
    begin(body).abort();
    expect(() => begin(body)).toThrow(
      expect.objectContaining({ id: "err-urd-tenant-max-request-rate" }),
    );
    nothingHeld();
  });

  test("only so many pushes are in flight, and an aborted one makes room", () => {
    const { begin, nothingHeld } = scene({ inflightPushesMax: 1 });
    const body = snappy(writeRequest1(twoSeries));
    const first = begin(body);
    expect(() => begin(body)).toThrow(
      expect.objectContaining({ id: "err-urd-distributor-max-inflight-push-requests" }),
    );
    first.abort();
    first.abort();
    begin(body).abort();
    nothingHeld();
  });

  test("bytes are reserved from the declared size, before any come", () => {
    const { begin, nothingHeld } = scene({ inflightPushSizeBytesMax: 1000 });
    const first = begin(new Uint8Array(), { declaredSizeBytes: 700 });
    expect(() => begin(new Uint8Array(), { declaredSizeBytes: 400 })).toThrow(
      expect.objectContaining({ id: "err-urd-distributor-max-inflight-push-requests-bytes" }),
    );
    first.abort();
    nothingHeld();
  });

  test("a kernel without memory refuses, and recovers nothing wrongly", async () => {
    const { refusal, distributor } = scene({ kernelSizeBytes: 64 });
    expect(await refusal(snappy(writeRequest1(twoSeries)))).toBe(
      "err-urd-distributor-max-inflight-push-requests-bytes",
    );
    expect(distributor.admission.inflightSizeBytes).toBe(0);
  });
});

describe("answers of shards", () => {
  const body = snappy(writeRequest1(twoSeries));

  test("a failed shard makes the push fail, with true counts of the others", async () => {
    const { send, ingesters, nothingHeld } = scene({ shards: 2 });
    const [first] = ingesters;
    if (first !== undefined) {
      first.answer = () => {
        throw urdError("ingester-log-unavailable", "The disk is full.");
      };
    }
    const outcome = await send(body);
    expect(outcome.failure?.id).toBe("err-urd-ingester-log-unavailable");
    expect(outcome.samplesStored).toBe(1);
    await Promise.resolve();
    nothingHeld();
  });

  test("a shard that is silent counts as failed in time, but keeps its memory", async () => {
    const { send, ingesters, clock, kernel, nothingHeld } = scene();
    const answer = Promise.withResolvers<{ samplesStored: bigint }>();
    const [shard] = ingesters;
    if (shard !== undefined) shard.answer = () => answer.promise;
    const outcome = send(body);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
    expect((await outcome).failure?.id).toBe("err-urd-shard-unavailable");
    expect(kernel.lent).toBeGreaterThan(0);
    answer.resolve({ samplesStored: 3n });
    await new Promise((resolve) => setImmediate(resolve));
    nothingHeld();
  });

  test("reasons of several shards are joined by id", async () => {
    const { send, ingesters } = scene({ shards: 2 });
    const error = { id: "err-urd-sample-out-of-order", message: "Too late.", series: "" };
    for (const [i, shard] of ingesters.entries()) {
      shard.answer = () => ({
        refusals: [{ error: { ...error, series: `s${i}` }, samples: 2n }],
      });
    }
    const { refused } = await send(body);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatchObject({ samples: 4, error: { series: "s0" } });
    expect(refused[0]?.error.entry.http).toBe(400);
  });
});
