import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Bucket,
  checkBucket,
  createMemoryBucket,
  defaultRetryPolicy,
  type ListPage,
  listPages,
  prefixed,
  readPieces,
  readWholeObject,
  retrying,
  uploadObject,
} from "../../server/objstore/index.ts";
import {
  AssertionError,
  seededPrng,
  systemClock,
  UrdError,
} from "../../server/platform/base/index.ts";
import {
  type Availability,
  available,
  skipUnlessAvailable,
  startTimeoutMs,
  theValue,
} from "../support/object-stores/availability.ts";

/** An empty bucket to test. */
export interface OpenBucket {
  readonly bucket: Bucket;
  close(): Promise<void>;
}

/** What a store must be named in URD_REQUIRE as, to be not skipped. */
export interface StoreNeed {
  readonly requirement: string;
}

const world = { clock: systemClock, prng: seededPrng(process.pid) };
const mib = 1024 * 1024;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const everything = { offsetBytes: 0, sizeBytes: 64 * 1024 };

/** Bytes that repeat nowhere near, so that swapped and shifted parts are seen. */
export function noise(sizeBytes: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(sizeBytes / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, sizeBytes);
}

/** Byte-wise equality; vitest's own takes seconds for megabytes. */
export const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;

/** Collects an object from its pieces. */
export async function collectPieces(bucket: Bucket, name: string): Promise<Uint8Array | undefined> {
  const pieces = await readPieces(bucket, name, {});
  if (pieces === undefined) return undefined;
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

async function names(bucket: Bucket, prefix: string, recursive: boolean): Promise<string[]> {
  const pages: ListPage[] = [];
  for await (const page of listPages(bucket, { prefix, recursive }, {})) pages.push(page);
  return pages.flatMap((page) => [...page.objects.map((info) => info.name), ...page.folders]);
}

async function errorId(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    return error instanceof UrdError ? error.id : `not typed: ${String(error)}`;
  }
  return "none";
}

/** Runs `count` jobs, sixteen at a time. */
async function each(count: number, job: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

/**
 * What every bucket promises, against one that `open` opens. `title` says what it really is.
 * When `open` fails and `need` says what it needs, the tests are skipped with the reason.
 */
export function bucketSuite(
  title: string,
  open: () => Promise<OpenBucket>,
  need?: StoreNeed,
): void {
  describe(title, () => {
    let opened: Availability<OpenBucket>;
    // As a process uses it: stores close idle connections whenever they like.
    const inFolder = (folder: string): Bucket =>
      prefixed(retrying(theValue(opened).bucket, defaultRetryPolicy, world), folder);
    beforeAll(async () => {
      opened = need === undefined ? { value: await open() } : await available(open);
    }, startTimeoutMs);
    beforeEach((context) => skipUnlessAvailable(context, need?.requirement ?? "", opened));
    afterAll(async () => {
      if ("value" in opened) await opened.value.close();
    });

    objectTests(inFolder);
    rangeTests(inFolder);
    listTests(inFolder);
    uploadTests(inFolder);
    modelTest(inFolder);
  });
}

function objectTests(inFolder: (folder: string) => Bucket): void {
  test("an object is read as it was written, replaced whole, and gone once deleted", async () => {
    const bucket = inFolder("objects");
    expect(await bucket.head("a/b", {})).toBeUndefined();
    expect(await bucket.read("a/b", everything, {})).toBeUndefined();
    expect(await readWholeObject(bucket, "a/b", { sizeBytesMax: 10 })).toBeUndefined();
    const beforeMs = Date.now();
    await bucket.write("a/b", encode("first"), {});
    const info = await bucket.head("a/b", {});
    expect(info).toMatchObject({ name: "a/b", sizeBytes: 5 });
    expect(Math.abs((info?.modifiedMs ?? 0) - beforeMs)).toBeLessThan(60_000);
    expect((await bucket.read("a/b", everything, {}))?.bytes).toEqual(encode("first"));
    await bucket.write("a/b", encode("second, longer"), {});
    const read = await bucket.read("a/b", everything, {});
    expect(read?.bytes).toEqual(encode("second, longer"));
    expect(read?.objectSizeBytes).toBe(14);
    await bucket.delete("a/b", {});
    expect(await bucket.read("a/b", everything, {})).toBeUndefined();
    await bucket.delete("a/b", {});
    expect(await names(bucket, "", false)).toEqual([]);
  });

  test("names with every character that stores like to misread are kept", async () => {
    const bucket = inFolder("names");
    const odd = [
      "a b",
      "a+b",
      "a%20b",
      "a&b=c",
      "a#b",
      "a?b",
      "ä/ö",
      "日本",
      "~!*'();:@$,[]",
      "🙂",
    ];
    for (const name of odd) await bucket.write(name, encode(name), {});
    for (const name of odd) {
      const read = await bucket.read(name, everything, {});
      expect(new TextDecoder().decode(read?.bytes), name).toBe(name);
      expect(await bucket.head(name, {}), name).toMatchObject({ name });
    }
    expect((await names(bucket, "", true)).sort()).toEqual([...odd].sort());
    for (const name of odd) await bucket.delete(name, {});
    expect(await names(bucket, "", true)).toEqual([]);
  });

  test("of writers at the same time one wins, and nobody sees a mixture", async () => {
    const bucket = inFolder("race");
    const versions = Array.from({ length: 8 }, (_, i) => noise(30_000 + i, i + 1));
    await Promise.all(versions.map((bytes) => bucket.write("x", bytes, {})));
    const read = await bucket.read("x", everything, {});
    expect(versions.some((bytes) => isSame(read?.bytes, bytes))).toBe(true);
  });

  test("the check at start passes, leaves nothing, and sees a stranger's objects", async () => {
    const bucket = inFolder("start");
    await checkBucket(bucket, world, {});
    expect(await names(bucket, "", true)).toEqual([]);
    await bucket.write("photos/a.jpg", encode("x"), {});
    const check = checkBucket(bucket, world, {});
    expect(await errorId(check)).toBe("err-urd-bucket-unusable");
  });

  test("a caller that has gone is not served", async () => {
    const bucket = inFolder("aborted");
    const gone = new Error("gone");
    const call = { signal: AbortSignal.abort(gone) };
    await expect(bucket.write("x", encode("x"), call)).rejects.toBe(gone);
    await expect(bucket.read("x", everything, call)).rejects.toBe(gone);
    await expect(bucket.head("x", call)).rejects.toBe(gone);
    await expect(bucket.list({ prefix: "", recursive: true }, call)).rejects.toBe(gone);
    await expect(bucket.delete("x", call)).rejects.toBe(gone);
    expect(await bucket.head("x", {})).toBeUndefined();
  });
}

function rangeTests(inFolder: (folder: string) => Bucket): void {
  test("a range is exact, and ends where the object ends", async () => {
    const bucket = inFolder("ranges");
    const bytes = noise(10_000, 7);
    await bucket.write("x", bytes, {});
    for (const [offsetBytes, sizeBytes] of [
      [0, 1],
      [0, 10_000],
      [17, 300],
      [9_999, 1],
      [9_990, 100],
      [10_000, 5],
      [20_000, 5],
    ] as const) {
      const read = await bucket.read("x", { offsetBytes, sizeBytes }, {});
      expect(read?.objectSizeBytes).toBe(10_000);
      const wanted = bytes.subarray(offsetBytes, offsetBytes + sizeBytes);
      expect(isSame(read?.bytes, wanted), `${sizeBytes} bytes from ${offsetBytes}`).toBe(true);
    }
  });

  test("a range that no call may ask for is a bug", async () => {
    const bucket = inFolder("bugs");
    for (const [offsetBytes, sizeBytes] of [
      [-1, 5],
      [0, 0],
      [0.5, 1],
      [0, 64 * mib + 1],
    ] as const) {
      await expect(bucket.read("x", { offsetBytes, sizeBytes }, {})).rejects.toThrow(
        AssertionError,
      );
    }
  });

  test("an empty object has no bytes and a size", async () => {
    const bucket = inFolder("empty");
    await bucket.write("x", new Uint8Array(0), {});
    expect(await bucket.head("x", {})).toMatchObject({ sizeBytes: 0 });
    expect(await bucket.read("x", everything, {})).toMatchObject({
      bytes: new Uint8Array(0),
      objectSizeBytes: 0,
    });
    expect(await readWholeObject(bucket, "x", { sizeBytesMax: 0 })).toEqual(new Uint8Array(0));
    expect(await collectPieces(bucket, "x")).toEqual(new Uint8Array(0));
  });

  test("a reader that has begun never gets bytes of another version", async () => {
    const bucket = inFolder("versions");
    await bucket.write("x", encode("old content"), {});
    const first = await bucket.read("x", { offsetBytes: 0, sizeBytes: 4 }, {});
    const version = first?.version;
    const rest = { offsetBytes: 4, sizeBytes: 100, version };
    const read = await bucket.read("x", rest, {});
    expect(read?.bytes).toEqual(encode("content"));
    expect(read?.version).toBe(version);
    await bucket.write("x", encode("new content"), {});
    expect(await errorId(bucket.read("x", rest, {}))).toBe("err-urd-bucket-object-changed");
    const past = { offsetBytes: 400, sizeBytes: 100, version };
    expect(await errorId(bucket.read("x", past, {}))).toBe("err-urd-bucket-object-changed");
  });

  test("an object that is larger than allowed is refused before it is read", async () => {
    const bucket = inFolder("large");
    await bucket.write("x", new Uint8Array(101), {});
    const read = readWholeObject(bucket, "x", { sizeBytesMax: 100 });
    expect(await errorId(read)).toBe("err-urd-bucket-object-too-large");
    expect((await readWholeObject(bucket, "x", { sizeBytesMax: 101 }))?.length).toBe(101);
  });
}

function listTests(inFolder: (folder: string) => Bucket): void {
  test("lists ascend by bytes, cut by prefix, with folders or without", async () => {
    const bucket = inFolder("lists");
    const all = ["a", "b-c", "b/1", "b/2/x", "b/2/y", "b0", "c/d/e", "é", "\u{ff5e}", "\u{1f642}"];
    for (const name of [...all].reverse()) await bucket.write(name, encode(name), {});
    expect(await names(bucket, "", true)).toEqual(all);
    const pages = await bucket.list({ prefix: "", recursive: false }, {});
    expect(pages.folders).toEqual(["b/", "c/"]);
    const flat = ["a", "b-c", "b0", "é", "\u{ff5e}", "\u{1f642}"];
    expect(pages.objects.map((info) => info.name)).toEqual(flat);
    expect(pages.objects[1]).toMatchObject({ name: "b-c", sizeBytes: 3 });
    expect(await names(bucket, "b", true)).toEqual(["b-c", "b/1", "b/2/x", "b/2/y", "b0"]);
    expect(await names(bucket, "b/", false)).toEqual(["b/1", "b/2/"]);
    expect(await names(bucket, "b/2/x", true)).toEqual(["b/2/x"]);
    expect(await names(bucket, "c", false)).toEqual(["c/"]);
    expect(await names(bucket, "none/", false)).toEqual([]);
    await bucket.delete("b/2/x", {});
    await bucket.delete("b/2/y", {});
    expect(await names(bucket, "b/", false)).toEqual(["b/1"]);
  });

  test("more names than fit in a page come once each, in order", { timeout: 400_000 }, async () => {
    const bucket = inFolder("pages");
    // Folders on both sides of the border between pages, which have 1000 entries at most stores.
    const isInFolder = (i: number): boolean => i >= 997 && i <= 1002;
    const numbers = Array.from({ length: 1_020 }, (_, i) => `p/${String(i).padStart(5, "0")}`);
    const wanted = numbers.map((name, i) => (isInFolder(i) ? `${name}/x` : name));
    await each(wanted.length, (i) => bucket.write(wanted[i] as string, encode("."), {}));
    await bucket.write("q/x", encode("."), {});
    expect(await names(bucket, "p/", true)).toEqual(wanted);
    const entries = numbers.map((name, i) => (isInFolder(i) ? `${name}/` : name));
    expect((await names(bucket, "p/", false)).sort()).toEqual(entries);
    expect(await names(bucket, "", false)).toEqual(["p/", "q/"]);
    expect(await names(bucket, "", true)).toEqual([...wanted, "q/x"]);
    await each(wanted.length, (i) => bucket.delete(wanted[i] as string, {}));
    expect(await names(bucket, "p/", true)).toEqual([]);
  });
}

function uploadTests(inFolder: (folder: string) => Bucket): void {
  test("an upload is invisible until it is complete, and may be completed again", async () => {
    const bucket = inFolder("uploads");
    const partSizeBytes = 5 * mib;
    const bytes = noise(12 * mib + 3, 11);
    const upload = await bucket.startUpload("t/x", { partSizeBytes });
    const store = (number: number): Promise<string> =>
      upload.storePart(
        {
          number,
          bytes: bytes.subarray(number * partSizeBytes, (number + 1) * partSizeBytes),
          isLast: number === 2,
        },
        {},
      );
    const tags: string[] = [];
    if (upload.parallel) {
      const [last, first] = await Promise.all([store(2), store(0)]);
      tags.push(first as string, await store(1), last as string);
    } else for (const number of [0, 1, 2]) tags.push(await store(number));
    expect(await bucket.head("t/x", {})).toBeUndefined();
    expect(await names(bucket, "", true)).toEqual([]);
    await upload.complete(tags, {});
    expect(await bucket.head("t/x", {})).toMatchObject({ sizeBytes: bytes.length });
    await upload.complete(tags, {});
    expect(isSame(await collectPieces(bucket, "t/x"), bytes)).toBe(true);
    expect(await names(bucket, "", true)).toEqual(["t/x"]);
    const border = { offsetBytes: partSizeBytes - 3, sizeBytes: 6 };
    const read = await bucket.read("t/x", border, {});
    expect(isSame(read?.bytes, bytes.subarray(partSizeBytes - 3, partSizeBytes + 3))).toBe(true);
    await bucket.write("t/x", encode("small again"), {});
    expect((await bucket.read("t/x", everything, {}))?.bytes).toEqual(encode("small again"));
    await bucket.delete("t/x", {});
    expect(await bucket.head("t/x", {})).toBeUndefined();
  });

  test("an aborted upload leaves nothing", async () => {
    const bucket = inFolder("abort");
    const partSizeBytes = 5 * mib;
    const upload = await bucket.startUpload("x", { partSizeBytes });
    await upload.storePart({ number: 0, bytes: noise(partSizeBytes, 3), isLast: false }, {});
    await upload.abort({});
    await upload.abort({});
    expect(await bucket.head("x", {})).toBeUndefined();
    expect(await names(bucket, "", true)).toEqual([]);
  });

  test("an object of many parts comes back whole, replaced and deleted like any other", async () => {
    const bucket = inFolder("many-parts");
    for (const sizeBytes of [8 * mib, 24 * mib, 21 * mib + 1]) {
      const bytes = noise(sizeBytes, sizeBytes);
      const fill = (target: Uint8Array, offsetBytes: number): void =>
        target.set(bytes.subarray(offsetBytes, offsetBytes + target.length));
      await uploadObject(bucket, "big", { source: { sizeBytes, fill }, options: {} });
      expect(isSame(await collectPieces(bucket, "big"), bytes)).toBe(true);
      const whole = await readWholeObject(bucket, "big", { sizeBytesMax: 32 * mib });
      expect(isSame(whole, bytes)).toBe(true);
    }
    await bucket.delete("big", {});
    expect(await names(bucket, "", true)).toEqual([]);
  });

  test("a source that fails fails the upload, and nothing is visible", async () => {
    const bucket = inFolder("bad-source");
    const broken = new Error("the disk is gone");
    const fill = (_: Uint8Array, offsetBytes: number): void => {
      if (offsetBytes > 0) throw broken;
    };
    const upload = uploadObject(bucket, "x", {
      source: { sizeBytes: 17 * mib, fill },
      options: {},
    });
    await expect(upload).rejects.toBe(broken);
    expect(await bucket.head("x", {})).toBeUndefined();
  });
}

function modelTest(inFolder: (folder: string) => Bucket): void {
  test("after any sequence of calls it holds what the model holds", {
    timeout: 120_000,
  }, async () => {
    const seed = Number(process.env["SEED"] ?? 20_261);
    const prng = seededPrng(seed);
    const bucket = inFolder("model");
    const model = createMemoryBucket({ clock: systemClock });
    const pool = ["m/1", "m/2/a", "m/2/b", "m-1", "n", "o/p/q/r"];
    for (let step = 0; step < 120; step++) {
      const name = pool[prng.below(pool.length)] as string;
      const kind = prng.below(5);
      const context = `seed ${seed}, step ${step}, ${name}`;
      if (kind < 2) {
        const bytes = noise(prng.below(3_000), step + 1);
        for (const each of [bucket, model]) await each.write(name, bytes, {});
      } else if (kind === 2) {
        for (const each of [bucket, model]) await each.delete(name, {});
      } else if (kind === 3) {
        const range = { offsetBytes: prng.below(3_500), sizeBytes: 1 + prng.below(3_000) };
        const [got, want] = [await bucket.read(name, range, {}), await model.read(name, range, {})];
        expect(got?.objectSizeBytes, context).toBe(want?.objectSizeBytes);
        expect(got?.bytes, context).toEqual(want?.bytes);
      } else {
        const prefix = ["", "m", "m/", "o/p/"][prng.below(4)] as string;
        const recursive = prng.below(2) === 0;
        const got = await names(bucket, prefix, recursive);
        expect(got, context).toEqual(await names(model, prefix, recursive));
      }
    }
  });
}
