import { expect, test } from "vitest";
import type { Bucket } from "../../../server/objstore/bucket.ts";
import { openFilesystemBucket } from "../../../server/objstore/filesystem.ts";
import { readWholeObject } from "../../../server/objstore/read-object.ts";
import { seededPrng } from "../../../server/platform/base/index.ts";
import { createFaultyVfs, type FaultyVfs } from "../../support/faulty-vfs.ts";
import { createManualClock } from "../../support/manual-clock.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function open(vfs: FaultyVfs, clock = createManualClock()): Bucket {
  return openFilesystemBucket("/data/bucket", { vfs, clock, prng: seededPrng(1) });
}

async function textOf(bucket: Bucket, name: string): Promise<string | undefined> {
  const bytes = await readWholeObject(bucket, name, { sizeBytesMax: 1 << 20 });
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

const partSizeBytes = 5 * 1024 * 1024;

test("what write and complete acknowledged survives a loss of power", async () => {
  const vfs = createFaultyVfs();
  const bucket = open(vfs);
  await bucket.write("t/b/meta.json", encode("meta"), {});
  const upload = await bucket.startUpload("t/b/index", { partSizeBytes });
  const tag = await upload.storePart({ number: 0, bytes: encode("index"), isLast: true }, {});
  await upload.complete([tag], {});
  const found = open(vfs.afterPowerLoss());
  expect(await textOf(found, "t/b/meta.json")).toBe("meta");
  expect(await textOf(found, "t/b/index")).toBe("index");
});

test("a process that dies in any step of a write leaves the old object or the new one", async () => {
  for (let dieAt = 1; ; dieAt++) {
    const vfs = createFaultyVfs();
    await open(vfs).write("t/x", encode("old"), {});
    const from = vfs.operations;
    const bucket = open(vfs);
    vfs.fault = () => (vfs.operations - from === dieAt ? { crash: true } : undefined);
    let isDone = true;
    await bucket.write("t/x", encode("new one"), {}).catch(() => (isDone = false));
    vfs.fault = undefined;
    const killed = await textOf(open(vfs.afterKill()), "t/x");
    const powerless = await textOf(open(vfs.afterPowerLoss()), "t/x");
    for (const text of [killed, powerless]) expect(["old", "new one"]).toContain(text);
    if (isDone) {
      expect(dieAt).toBeGreaterThan(4);
      expect(powerless).toBe("new one");
      return;
    }
    expect((await open(vfs.afterKill()).list({ prefix: "", recursive: true }, {})).objects).toEqual(
      [expect.objectContaining({ name: "t/x" })],
    );
  }
});

test("a full disk and a failed sync are retryable, and leave nothing behind", async () => {
  const vfs = createFaultyVfs();
  const bucket = open(vfs);
  await bucket.write("t/x", encode("old"), {});
  for (const kind of ["write", "sync", "rename"] as const) {
    vfs.fault = (operation) => (operation.kind === kind ? { error: "ENOSPC" } : undefined);
    await expect(bucket.write("t/x", encode("new"), {})).rejects.toMatchObject({
      id: "err-urd-bucket-unavailable",
      message: expect.stringContaining("write t/x in file:///data/bucket"),
    });
    vfs.fault = undefined;
    expect(await textOf(bucket, "t/x")).toBe("old");
    expect(vfs.list("/data/bucket/.urd-unfinished")).toEqual([]);
  }
});

test("a directory that may not be written is a refusal", async () => {
  const vfs = createFaultyVfs();
  const bucket = open(vfs);
  vfs.fault = (operation) => (operation.kind === "create" ? { error: "EROFS" } : undefined);
  await expect(bucket.write("x", encode("x"), {})).rejects.toMatchObject({
    id: "err-urd-bucket-refused",
  });
});

test("what a crash left unfinished is invisible, and removed a day later", async () => {
  const vfs = createFaultyVfs();
  const bucket = open(vfs, createManualClock(0));
  const upload = await bucket.startUpload("x", { partSizeBytes });
  await upload.storePart({ number: 0, bytes: encode("half"), isLast: false }, {});
  const found = vfs.afterKill();
  const later = open(found, createManualClock(60_000));
  expect((await later.list({ prefix: "", recursive: true }, {})).objects).toEqual([]);
  expect(found.list("/data/bucket/.urd-unfinished")).toHaveLength(1);
  open(found, createManualClock(25 * 3_600_000));
  expect(found.list("/data/bucket/.urd-unfinished")).toEqual([]);
});

test("a folder that another process emptied and removed meanwhile is made again", async () => {
  const vfs = createFaultyVfs();
  const bucket = open(vfs);
  let races = 0;
  vfs.fault = (operation) => {
    if (operation.kind !== "rename" || races === 2) return undefined;
    races++;
    return { error: "ENOENT" };
  };
  await bucket.write("t/x", encode("x"), {});
  expect(races).toBe(2);
  expect(await textOf(bucket, "t/x")).toBe("x");
});
