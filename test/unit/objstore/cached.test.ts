import { expect, test } from "vitest";
import { type Bucket, cached, createMemoryBucket } from "../../../server/objstore/index.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const kib = 1024;

/** A cache before a bucket that others write too, and the calls that get through to it. */
function scene(sizeBytesMax = 1 << 20) {
  const clock = createManualClock();
  const store = createMemoryBucket({ clock });
  const passed: string[] = [];
  const counted: Bucket = {
    address: store.address,
    list: (request, call) => (passed.push(`list ${request.prefix}`), store.list(request, call)),
    head: (name, call) => (passed.push(`head ${name}`), store.head(name, call)),
    read: (name, range, call) => {
      passed.push(`read ${name} ${range.offsetBytes}+${range.sizeBytes}`);
      return store.read(name, range, call);
    },
    write: (...args) => store.write(...args),
    startUpload: (...args) => store.startUpload(...args),
    delete: (...args) => store.delete(...args),
    close: () => store.close(),
  };
  const rule = {
    matches: (name: string) => !name.endsWith(".json"),
    headTtlMs: 10_000,
    missingTtlMs: 1_000,
    bytesTtlMs: 60_000,
  };
  const listTtlMs = (prefix: string): number => (prefix === "live/" ? 0 : 5_000);
  const bucket = cached(counted, { rules: [rule], listTtlMs, sizeBytesMax }, { clock });
  return { clock, store, bucket, passed };
}

const bytesOf = (sizeBytes: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => (i * seed) % 251);

test("ranges come from aligned pieces, each fetched once", async () => {
  const { store, bucket, passed } = scene();
  const bytes = bytesOf(200 * kib, 7);
  await store.write("x", bytes, {});
  for (const [offsetBytes, sizeBytes] of [
    [10, 20],
    [60 * kib, 10 * kib],
    [0, 130 * kib],
    [190 * kib, 100 * kib],
    [300 * kib, 5],
  ] as const) {
    const read = await bucket.read("x", { offsetBytes, sizeBytes }, {});
    const wanted = bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
    expect(Buffer.compare(read?.bytes ?? new Uint8Array(1), wanted)).toBe(0);
    expect(read?.objectSizeBytes).toBe(bytes.length);
  }
  expect(passed).toEqual([0, 64, 128, 192, 256].map((at) => `read x ${at * kib}+${64 * kib}`));
});

test("a caller may change what it got", async () => {
  const { store, bucket } = scene();
  await store.write("x", bytesOf(100, 3), {});
  const range = { offsetBytes: 0, sizeBytes: 100 };
  (await bucket.read("x", range, {}))?.bytes.fill(0);
  expect((await bucket.read("x", range, {}))?.bytes).toEqual(bytesOf(100, 3));
});

test("answers are kept for their time, and that nothing is there for less", async () => {
  const { clock, store, bucket, passed } = scene();
  expect(await bucket.head("x", {})).toBeUndefined();
  await store.write("x", bytesOf(5, 1), {});
  expect(await bucket.head("x", {})).toBeUndefined();
  clock.advance(1_000);
  expect(await bucket.head("x", {})).toMatchObject({ sizeBytes: 5 });
  await store.write("x", bytesOf(6, 1), {});
  clock.advance(9_990);
  expect(await bucket.head("x", {})).toMatchObject({ sizeBytes: 5 });
  clock.advance(10);
  expect(await bucket.head("x", {})).toMatchObject({ sizeBytes: 6 });
  expect(passed).toHaveLength(3);
});

test("what no rule names, and lists that are not to be kept, are asked for each time", async () => {
  const { store, bucket, passed } = scene();
  await store.write("live/a.json", bytesOf(5, 1), {});
  for (let i = 0; i < 2; i++) {
    await bucket.head("live/a.json", {});
    await bucket.read("live/a.json", { offsetBytes: 0, sizeBytes: 5 }, {});
    await bucket.list({ prefix: "live/", recursive: true }, {});
    await bucket.list({ prefix: "li", recursive: true }, {});
  }
  expect(passed).toHaveLength(8);
  passed.length = 0;
  for (let i = 0; i < 2; i++) await bucket.list({ prefix: "", recursive: false }, {});
  expect(passed).toEqual(["list "]);
});

test("bytes of two versions are never joined, and a version that is named is kept to", async () => {
  const { store, bucket } = scene();
  await store.write("x", bytesOf(100 * kib, 3), {});
  const first = await bucket.read("x", { offsetBytes: 0, sizeBytes: 10 }, {});
  await store.write("x", bytesOf(100 * kib, 5), {});
  const whole = await bucket.read("x", { offsetBytes: 0, sizeBytes: 100 * kib }, {});
  expect(Buffer.compare(whole?.bytes ?? new Uint8Array(1), bytesOf(100 * kib, 5))).toBe(0);
  const old = { offsetBytes: 0, sizeBytes: 10, version: first?.version };
  await expect(bucket.read("x", old, {})).rejects.toMatchObject({
    id: "err-urd-bucket-object-changed",
  });
});

test("what is fetched while its object is written is not kept", async () => {
  const { bucket, store } = scene();
  await store.write("x", bytesOf(5, 1), {});
  const before = bucket.head("x", {});
  const write = bucket.write("x", bytesOf(6, 1), {});
  await Promise.all([before, write]);
  expect(await bucket.head("x", {})).toMatchObject({ sizeBytes: 6 });
});

test("equal reads at one time are one; a failure is not kept", async () => {
  const { bucket, passed, store } = scene();
  await store.write("x", bytesOf(5, 1), {});
  await Promise.all(Array.from({ length: 8 }, () => bucket.head("x", {})));
  expect(passed).toEqual(["head x"]);
  const head = store.head;
  store.head = () => Promise.reject(new Error("down"));
  await expect(bucket.head("y", {})).rejects.toThrow("down");
  store.head = head;
  expect(await bucket.head("y", {})).toBeUndefined();
});

test("memory is bounded", async () => {
  const { bucket, passed, store } = scene(200 * kib);
  await store.write("x", bytesOf(640 * kib, 3), {});
  for (let i = 0; i < 10; i++) {
    await bucket.read("x", { offsetBytes: i * 64 * kib, sizeBytes: 10 }, {});
  }
  passed.length = 0;
  await bucket.read("x", { offsetBytes: 9 * 64 * kib, sizeBytes: 10 }, {});
  await bucket.read("x", { offsetBytes: 0, sizeBytes: 10 }, {});
  expect(passed).toEqual([`read x 0+${64 * kib}`]);
});
