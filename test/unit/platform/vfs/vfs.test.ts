import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeVfs } from "../../../../server/platform/vfs/node-vfs.ts";
import {
  readWhole,
  replaceFile,
  type VfsFile,
  writeAll,
} from "../../../../server/platform/vfs/vfs.ts";
import { createFaultyVfs } from "../../../support/faulty-vfs.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

for (const [name, make] of [
  ["the machine's", () => ({ vfs: nodeVfs, root: mkdtempSync(join(tmpdir(), "urd-vfs-")) })],
  ["the faulty one", () => ({ vfs: createFaultyVfs(), root: "/data" })],
] as const) {
  test(`files and directories of ${name} file system`, () => {
    const { vfs, root } = make();
    vfs.makeDirectory(`${root}/a/b`);
    expect(vfs.list(`${root}/nowhere`)).toEqual([]);
    const file = vfs.open(`${root}/a/b/x`, "create");
    writeAll(file, bytes("hello world"), 0);
    writeAll(file, bytes("W"), 6);
    const target = new Uint8Array(20);
    expect(file.read(target, 6)).toBe(5);
    expect(new TextDecoder().decode(target.subarray(0, 5))).toBe("World");
    file.truncate(5);
    expect(file.sizeBytes()).toBe(5);
    file.sync();
    const info = vfs.stat(`${root}/a/b/x`);
    expect(info).toMatchObject({ kind: "file", sizeBytes: 5 });
    expect(file.stat()).toEqual(info);
    file.close();
    expect(vfs.stat(`${root}/a`)).toMatchObject({ kind: "directory" });
    expect(vfs.stat(`${root}/nowhere`)).toBeUndefined();
    expect(vfs.removeEmptyDirectory(`${root}/a/b`)).toBe(false);
    expect(vfs.removeEmptyDirectory(`${root}/nowhere`)).toBe(false);
    vfs.makeDirectory(`${root}/a/e`);
    expect(vfs.removeEmptyDirectory(`${root}/a/e`)).toBe(true);
    expect(vfs.exists(`${root}/a/e`)).toBe(false);
    expect(() => vfs.open(`${root}/a/b/y`, "read")).toThrow(/ENOENT/);
    vfs.rename(`${root}/a/b/x`, `${root}/a/b/z`);
    expect(vfs.list(`${root}/a/b`)).toEqual(["z"]);
    expect(readWhole(vfs, `${root}/a/b/z`)).toEqual(bytes("hello"));
    expect(readWhole(vfs, `${root}/a/b/none`)).toBeUndefined();
    replaceFile(vfs, `${root}/a/b/z`, bytes("new"));
    expect(readWhole(vfs, `${root}/a/b/z`)).toEqual(bytes("new"));
    vfs.rename(`${root}/a`, `${root}/c`);
    expect(vfs.list(root)).toEqual(["c"]);
    vfs.removeTree(`${root}/c`);
    expect(vfs.exists(`${root}/c/b/z`)).toBe(false);
    vfs.remove(`${root}/c`);
  });
}

test("a write that makes no progress is an error, a short one goes on", () => {
  let calls = 0;
  const file = { write: (b: Uint8Array) => (calls++ < 2 ? Math.min(2, b.length) : 0) };
  writeAll(file as unknown as VfsFile, bytes("abcd"), 0);
  expect(() => writeAll(file as unknown as VfsFile, bytes("e"), 4)).toThrow(/wrote nothing/);
});
