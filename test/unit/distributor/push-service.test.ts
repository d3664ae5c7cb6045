import { expect, test } from "vitest";
import { createDistributor } from "../../../server/distributor/distributor.ts";
import { createPushHandlers } from "../../../server/distributor/push-service.ts";
import { createLimits, singleProcessDefaults } from "../../../server/limits/index.ts";
import { urdError } from "../../../server/model/index.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import {
  createClient,
  openInProcessChannel,
  RawPushService,
  serve,
} from "../../../server/platform/rpc/index.ts";
import { createMetricRegistry } from "../../../server/platform/telemetry/index.ts";
import { collect } from "../../support/collect.ts";
import { createStandInKernel } from "../../support/front-kernel-stand-in.ts";
import { createManualClock } from "../../support/manual-clock.ts";
import { createRecordingIngester } from "../../support/recording-ingester.ts";
import { writeRequest2 } from "../../support/write-requests.ts";

function scene() {
  const ingester = createRecordingIngester();
  const distributor = createDistributor({
    frontKernel: createStandInKernel(),
    ingesters: [ingester],
    limits: createLimits({
      defaults: singleProcessDefaults({ memorySizeBytes: 0 }),
      overrides: new Map(),
    }),
    instanceLimits: { inflightPushesMax: 100, inflightPushSizeBytesMax: 2 ** 26 },
    pushTimeoutMs: 1000,
    clock: createManualClock(),
    metrics: createMetricRegistry(),
  });
  const channel = openInProcessChannel([serve(RawPushService, createPushHandlers(distributor))], {
    clock: systemClock,
  });
  return { ingester, client: createClient(RawPushService, channel) };
}

const headers = { "x-scope-orgid": "t" };
const request = writeRequest2([{ samples: [[1000, 1]] }]);

test("a written batch is answered with its outcome", async () => {
  const { client, ingester } = scene();
  const { outcome } = await client.write({ request }, { headers });
  expect(outcome?.samplesStored).toBe(1n);
  expect(ingester.pushes).toMatchObject([{ tenant: "t", samples: 1 }]);
});

test("refused samples are part of the answer, with id, example and option", async () => {
  const { client, ingester } = scene();
  ingester.answer = () => ({
    samplesStored: 1n,
    refusals: [
      {
        error: { id: "err-urd-label-name-too-long", message: "Too long.", series: "m", limit: 5 },
        samples: 2n,
      },
    ],
  });
  const { outcome } = await client.write({ request }, { headers });
  expect(outcome).toMatchObject({ samplesStored: 1n, samplesRefused: 2n });
  expect(outcome?.refused[0]?.error).toMatchObject({
    id: "err-urd-label-name-too-long",
    option: "limits.max_label_name_length",
    series: "m",
    limit: 5,
  });
});

test.each([
  ["no tenant", {}, "err-urd-no-org-id"],
  ["two tenants", { "x-scope-orgid": "a|b" }, "err-urd-tenant-id-invalid"],
])("a call with %s fails", async (_, given, id) => {
  const { client } = scene();
  await expect(client.write({ request }, { headers: given })).rejects.toMatchObject({ id });
});

test("a message that is none fails the call", async () => {
  const { client } = scene();
  const write = client.write({ request: Uint8Array.of(0xff) }, { headers });
  await expect(write).rejects.toMatchObject({ id: "err-urd-write-request-invalid" });
});

test("a stream answers each batch in the order sent, and a bad one spoils no other", async () => {
  const { client, ingester } = scene();
  let turn = 0;
  ingester.answer = async () => {
    // The first batches take longest.
    const turns = 20 - turn++;
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    return { samplesStored: 1n };
  };
  async function* batches() {
    for (let id = 1n; id <= 20n; id++) {
      yield { batchId: id, request: id === 7n ? Uint8Array.of(0xff) : request };
    }
  }
  const answers = await collect(client.writeStream(batches(), { headers }));
  expect(answers.map(({ batchId }) => Number(batchId))).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  expect(answers[6]?.failure?.id).toBe("err-urd-write-request-invalid");
  expect(answers.filter(({ outcome }) => outcome?.samplesStored === 1n)).toHaveLength(19);
});

test("of a stream at most 16 batches are read ahead of their answers", async () => {
  const { client, ingester } = scene();
  const gate = Promise.withResolvers<void>();
  ingester.answer = async () => {
    await gate.promise;
    return {};
  };
  let read = 0;
  async function* batches() {
    while (read < 40) yield { batchId: BigInt(++read), request };
  }
  const answers = collect(client.writeStream(batches(), { headers }));
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(ingester.pushes.length).toBe(16);
  gate.resolve();
  expect(await answers).toHaveLength(40);
});

test("what fails in a shard fails its batch", async () => {
  const { client, ingester } = scene();
  ingester.answer = () => {
    throw urdError("shard-unavailable", "away");
  };
  const write = client.write({ request }, { headers });
  await expect(write).rejects.toMatchObject({ id: "err-urd-shard-unavailable" });
});
