import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Bucket,
  defaultRetryPolicy,
  readWholeObject,
  retrying,
  uploadObject,
} from "../../server/objstore/index.ts";
import { seededPrng, systemClock, UrdError } from "../../server/platform/base/index.ts";
import {
  type Availability,
  available,
  skipUnlessAvailable,
  startTimeoutMs,
  theValue,
} from "../support/object-stores/availability.ts";
import type {
  FaultProxy,
  ProxiedExchange,
  ProxyFault,
} from "../support/object-stores/fault-proxy.ts";
import { isSame, noise, type StoreNeed } from "./bucket-suite.ts";

/** A driver whose every byte goes through a proxy. */
export interface ProxiedBucket {
  readonly driver: Bucket;
  readonly proxy: FaultProxy;
  close(): Promise<void>;
}

const mib = 1024 * 1024;

/** Short times, so that a stall costs the test a second and not thirty. */
const policy = {
  ...defaultRetryPolicy,
  attemptTimeoutMs: 2_500,
  callTimeoutMs: 20_000,
  backoffMinMs: 20,
  backoffMaxMs: 200,
};

const faults: readonly (readonly [string, ProxyFault])[] = [
  ["a reset before the request", { kind: "reset" }],
  ["an answer that is lost", { kind: "lost-answer" }],
  ["status 503", { kind: "status", status: 503 }],
  ["status 500", { kind: "status", status: 500 }],
  [
    "status 429 with a wish to wait",
    { kind: "status", status: 429, headers: { "retry-after": "1" } },
  ],
  ["a body that stalls", { kind: "stall" }],
  ["a body that is cut off", { kind: "cut" }],
];

/** What a bucket promises when the network and the store behave as they do on bad days. */
export function faultSuite(
  title: string,
  open: () => Promise<ProxiedBucket>,
  need?: StoreNeed,
): void {
  describe(`${title}, on bad days`, { timeout: 60_000 }, () => {
    let opened: Availability<ProxiedBucket>;
    beforeAll(async () => {
      opened = need === undefined ? { value: await open() } : await available(open);
    }, startTimeoutMs);
    beforeEach((context) => {
      skipUnlessAvailable(context, need?.requirement ?? "", opened);
      theValue(opened).proxy.inject(() => undefined);
    });
    afterAll(async () => {
      if ("value" in opened) await opened.value.close();
    });
    const scene = (): { bucket: Bucket; proxy: FaultProxy } => {
      const { driver, proxy } = theValue(opened);
      const world = { clock: systemClock, prng: seededPrng(5) };
      return { bucket: retrying(driver, policy, world), proxy };
    };
    passingFaultTests(scene);
    lastingFaultTests(scene);
    honestBodyTests(scene);
    uploadFaultTests(scene);
  });
}

type Scene = () => { bucket: Bucket; proxy: FaultProxy };

const once =
  (fault: ProxyFault) =>
  ({ number }: ProxiedExchange): ProxyFault | undefined =>
    number === 1 ? fault : undefined;

function passingFaultTests(scene: Scene): void {
  test.each(faults)("%s passes unseen, whatever is called", async (_, fault) => {
    const { bucket, proxy } = scene();
    const bytes = noise(300_000, 9);
    const range = { offsetBytes: 1_000, sizeBytes: 250_000 };
    proxy.inject(once(fault));
    await bucket.write("f/x", bytes, {});
    proxy.inject(once(fault));
    const read = await bucket.read("f/x", range, {});
    expect(isSame(read?.bytes, bytes.subarray(1_000, 251_000))).toBe(true);
    expect(proxy.exchanges).toBeGreaterThan(1);
    proxy.inject(once(fault));
    expect(await bucket.head("f/x", {})).toMatchObject({ sizeBytes: 300_000 });
    proxy.inject(once(fault));
    const page = await bucket.list({ prefix: "f/", recursive: true }, {});
    expect(page.objects.map((info) => info.name)).toEqual(["f/x"]);
    proxy.inject(once(fault));
    await bucket.delete("f/x", {});
    proxy.inject(() => undefined);
    expect(await bucket.head("f/x", {})).toBeUndefined();
  });

  test("latency is waited for", async () => {
    const { bucket, proxy } = scene();
    const bytes = noise(1_000, 2);
    proxy.inject(() => ({ kind: "latency", delayMs: 300 }));
    await bucket.write("l/x", bytes, {});
    const whole = await readWholeObject(bucket, "l/x", { sizeBytesMax: 2_000 });
    expect(isSame(whole, bytes)).toBe(true);
    await bucket.delete("l/x", {});
  });
}

function lastingFaultTests(scene: Scene): void {
  test.each(faults)("%s that lasts is a typed error within the call's time", async (_, fault) => {
    const { bucket, proxy } = scene();
    await bucket.write("d/x", noise(300_000, 3), {});
    const range = { offsetBytes: 0, sizeBytes: 300_000 };
    proxy.inject(() => fault);
    const startMs = performance.now();
    const error = await bucket.read("d/x", range, { timeoutMs: 4_000 }).catch((thrown) => thrown);
    expect(performance.now() - startMs).toBeLessThan(6_000);
    expect(error).toBeInstanceOf(UrdError);
    expect(error).toMatchObject({ id: "err-urd-bucket-unavailable" });
    expect((error as Error).message).toMatch(/d\/x/);
    proxy.inject(() => undefined);
    expect((await bucket.read("d/x", range, {}))?.bytes.length).toBe(300_000);
  });

  test("a refusal is told at once", async () => {
    const { bucket, proxy } = scene();
    proxy.inject(() => ({ kind: "status", status: 403 }));
    const range = { offsetBytes: 0, sizeBytes: 10 };
    for (const call of [
      () => bucket.read("r/x", range, {}),
      () => bucket.write("r/x", noise(10, 1), {}),
      () => bucket.list({ prefix: "", recursive: true }, {}),
    ]) {
      const before = proxy.exchanges;
      await expect(call()).rejects.toMatchObject({ id: "err-urd-bucket-refused" });
      expect(proxy.exchanges - before).toBe(1);
    }
  });

  test("a caller that goes away is not held by a stalled body", async () => {
    const { bucket, proxy } = scene();
    await bucket.write("g/x", noise(300_000, 3), {});
    proxy.inject(() => ({ kind: "stall" }));
    const controller = new AbortController();
    const gone = new Error("gone");
    setTimeout(() => controller.abort(gone), 200);
    const startMs = performance.now();
    const range = { offsetBytes: 0, sizeBytes: 300_000 };
    await expect(bucket.read("g/x", range, { signal: controller.signal })).rejects.toBe(gone);
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });
}

function honestBodyTests(scene: Scene): void {
  test("a body that was shortened with its length is never taken for the range", async () => {
    const { bucket, proxy } = scene();
    const bytes = noise(100_000, 4);
    await bucket.write("s/x", bytes, {});
    const range = { offsetBytes: 10, sizeBytes: 80_000 };
    proxy.inject(once({ kind: "short" }));
    const read = await bucket.read("s/x", range, {});
    expect(isSame(read?.bytes, bytes.subarray(10, 80_010))).toBe(true);
    expect(proxy.exchanges).toBeGreaterThan(1);
    proxy.inject(() => ({ kind: "short" }));
    const error = await bucket.read("s/x", range, { timeoutMs: 2_000 }).catch((thrown) => thrown);
    expect(error).toMatchObject({ id: "err-urd-bucket-unavailable" });
  });
}

function uploadFaultTests(scene: Scene): void {
  test("each request of an upload may fail once, and the object is whole", async () => {
    const { bucket, proxy } = scene();
    const bytes = noise(17 * mib + 5, 6);
    const fill = (target: Uint8Array, offsetBytes: number): void =>
      target.set(bytes.subarray(offsetBytes, offsetBytes + target.length));
    for (const [name, fault] of faults.filter(([, { kind }]) => kind !== "stall")) {
      const seen = new Set<string>();
      proxy.inject(({ method, path }) => {
        const request = `${method} ${path}`;
        if (seen.has(request)) return undefined;
        seen.add(request);
        return fault;
      });
      const source = { sizeBytes: bytes.length, fill };
      await uploadObject(bucket, "u/x", { source, options: { timeoutMs: 20_000 } });
      proxy.inject(() => undefined);
      const whole = await readWholeObject(bucket, "u/x", { sizeBytesMax: 32 * mib });
      expect(isSame(whole, bytes), name).toBe(true);
      await bucket.delete("u/x", {});
    }
  });

  test("an upload that cannot be completed leaves nothing to be seen", async () => {
    const { bucket, proxy } = scene();
    const sizeBytes = 17 * mib;
    const fill = (): void => {};
    let requests = 0;
    proxy.inject(() => (++requests > 3 ? { kind: "status", status: 503 } : undefined));
    const upload = uploadObject(bucket, "v/x", {
      source: { sizeBytes, fill },
      options: { timeoutMs: 2_000 },
    });
    await expect(upload).rejects.toMatchObject({ id: "err-urd-bucket-unavailable" });
    proxy.inject(() => undefined);
    expect(await bucket.head("v/x", {})).toBeUndefined();
    const page = await bucket.list({ prefix: "v/", recursive: true }, {});
    expect(page.objects).toEqual([]);
  });
}
