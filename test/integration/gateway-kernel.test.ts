import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFrontKernel } from "../../server/kernel/index.ts";
import { seededPrng } from "../../server/platform/base/index.ts";
import { snappy } from "../support/front-kernel-stand-in.ts";
import { ask, type GatewayScene, openGatewayScene } from "../support/gateway-scene.ts";
import { type TestSeries, writeRequest1, writeRequest2 } from "../support/write-requests.ts";

/** Remote write through the real kernel: decoding, inspection and the cut by shard. */

const shards = 3;
let to: GatewayScene;
beforeAll(async () => {
  to = await openGatewayScene({ kernel: await createFrontKernel(), shards });
});
afterAll(() => to.close());

const series: TestSeries[] = Array.from({ length: 60 }, (_, i) => ({
  metric: "http_requests_total",
  labels: { instance: `host-${i}`, job: "api" },
  samples: [
    [1000, i],
    [2000, i + 0.5],
  ],
}));

const type1 = "application/x-protobuf";
const type2 = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

const stored = () =>
  to.ingesters.map(({ pushes }) => pushes.splice(0).reduce((sum, push) => sum + push.samples, 0));

const nothingHeld = () => {
  expect(to.distributor.admission.inflightPushes).toBe(0);
  expect(to.distributor.admission.inflightSizeBytes).toBe(0);
};

describe("a request of many series", () => {
  test.each([
    ["1.0, snappy", type1, "snappy", snappy(writeRequest1(series))],
    ["2.0, snappy", type2, "snappy", snappy(writeRequest2(series))],
    ["1.0, zstd", type1, "zstd", zstdCompressSync(writeRequest1(series))],
    ["2.0, zstd", type2, "zstd", zstdCompressSync(writeRequest2(series))],
  ])("in %s is cut by shard and loses nothing", async (_, type, encoding, body) => {
    const headers = { "Content-Type": type, "Content-Encoding": encoding };
    const answer = await ask(to, "/api/v1/push", { method: "POST", headers, body });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(answer.headers["x-prometheus-remote-write-samples-written"]).toBe("120");
    const counts = stored();
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(120);
    expect(counts.every((count) => count > 0)).toBe(true);
    nothingHeld();
  });
});

test("one shard gets every request as it is", async () => {
  const single = await openGatewayScene({ kernel: await createFrontKernel() });
  const body = snappy(writeRequest2(series));
  const headers = { "Content-Type": type2 };
  expect((await ask(single, "/api/v1/push", { method: "POST", headers, body })).status).toBe(204);
  expect(single.ingester.pushes).toMatchObject([{ samples: 120 }]);
  await single.close();
});

test("metadata beside series goes with one part, never lost and never doubled", async () => {
  const message = writeRequest1(series, [{ metricFamilyName: "up", help: "h" }]);
  const answer = await ask(to, "/api/v1/push", { method: "POST", body: snappy(message) });
  expect(answer.status).toBe(204);
  const metadata = to.ingesters.flatMap(({ pushes }) => pushes.map((push) => push.metadata));
  expect(metadata.reduce((sum, count) => sum + count, 0)).toBe(1);
  expect(stored().reduce((sum, count) => sum + count, 0)).toBe(120);
});

test("metadata and exemplars alone pass", async () => {
  const metadata = writeRequest1([], [{ metricFamilyName: "up", help: "h" }]);
  const exemplars = writeRequest1([{ metric: "up", exemplars: [[1000, 1]] }]);
  for (const message of [metadata, exemplars]) {
    const answer = await ask(to, "/api/v1/push", { method: "POST", body: snappy(message) });
    expect(answer.status).toBe(204);
  }
  stored();
  nothingHeld();
});

test("series of two bytes each are counted before anything is made of them", async () => {
  const empty = new Uint8Array(2 * 2_000_001);
  for (let i = 0; i < empty.length; i += 2) empty[i] = 0x0a;
  const body = snappy(empty);
  expect(body.length).toBeLessThan(empty.length / 20);
  const answer = await ask(to, "/api/v1/push", { method: "POST", body });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("(err-urd-write-request-invalid)");
  expect(stored()).toEqual([0, 0, 0]);
  nothingHeld();
});

describe("mutated requests are taken or refused with a 400, and leave no memory behind", () => {
  const sound = [writeRequest1(series.slice(0, 5)), writeRequest2(series.slice(0, 5))] as const;

  test.each([1, 2] as const)("%d.0", async (version) => {
    const prng = seededPrng(version);
    const message = sound[version - 1] ?? new Uint8Array();
    const headers = { "Content-Type": version === 1 ? type1 : type2 };
    const statuses = new Set<number>();
    for (let round = 0; round < 400; round++) {
      const inside = mutated(message, prng);
      const body = prng.below(4) === 0 ? mutated(snappy(inside), prng) : snappy(inside);
      const answer = await ask(to, "/api/v1/push", { method: "POST", headers, body });
      expect([204, 400]).toContain(answer.status);
      statuses.add(answer.status);
    }
    expect(statuses.size).toBe(2);
    stored();
    nothingHeld();
  });

  function mutated(bytes: Uint8Array, prng: ReturnType<typeof seededPrng>): Uint8Array {
    const copy = Uint8Array.from(bytes);
    switch (prng.below(3)) {
      case 0:
        return copy.subarray(0, prng.below(copy.length));
      case 1:
        for (let i = 0; i <= prng.below(4); i++) copy[prng.below(copy.length)] = prng.below(256);
        return copy;
      default: {
        const at = prng.below(copy.length);
        return Uint8Array.from([...copy.subarray(0, at), prng.below(256), ...copy.subarray(at)]);
      }
    }
  }
});
