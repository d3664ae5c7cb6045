import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockDirectory } from "../../../../server/platform/vfs/directory-lock.ts";

const fresh = (): string => mkdtempSync(join(tmpdir(), "urd-lock-"));

test("a locked directory is refused, a released one is given", async () => {
  const directory = fresh();
  const first = await lockDirectory(directory);
  expect(first).toBeDefined();
  expect(await lockDirectory(directory)).toBeUndefined();
  await first?.release();
  const second = await lockDirectory(directory);
  expect(second).toBeDefined();
  await second?.release();
});

test("a lock whose owner was killed is taken over", async () => {
  const directory = fresh();
  const script = `require("node:net").createServer().listen(${JSON.stringify(join(directory, "lock.sock"))}, () => process.kill(process.pid, "SIGKILL"))`;
  expect(() => execFileSync(process.execPath, ["-e", script])).toThrow();
  const lock = await lockDirectory(directory);
  expect(lock).toBeDefined();
  expect(await lockDirectory(directory)).toBeUndefined();
  await lock?.release();
});

test("a path that is longer than a socket address allows works", async () => {
  const directory = join(fresh(), "d".repeat(120));
  const lock = await lockDirectory(directory);
  expect(lock).toBeDefined();
  expect(await lockDirectory(directory)).toBeUndefined();
  await lock?.release();
});

test("of many who take over at once, one gets the directory", async () => {
  const directory = fresh();
  const locks = await Promise.all(Array.from({ length: 8 }, () => lockDirectory(directory)));
  const held = locks.filter((lock) => lock !== undefined);
  expect(held).toHaveLength(1);
  await held[0]?.release();
});
