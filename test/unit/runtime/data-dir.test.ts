import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDataDir } from "../../../server/runtime/data-dir.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "urd-data-dir-"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("a directory in use is refused, and free again after the stop", async () => {
  const path = join(root, "a/b");
  const first = createDataDir(path);
  await first.start();
  await expect(createDataDir(path).start()).rejects.toThrow(
    `the data directory ${path} is in use by another process; stop that one or set --data-dir`,
  );
  await first.stop();
  const second = createDataDir(path);
  await second.start();
  await second.stop();
});

test("a file in its place is told", async () => {
  const path = join(root, "file");
  writeFileSync(path, "");
  await expect(createDataDir(path).start()).rejects.toThrow(
    `the data directory ${path} is not a directory; set --data-dir`,
  );
});
