import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel } from "node:worker_threads";
import { expect, test } from "vitest";
import { nodeVfs, type VfsFile } from "../../../../server/platform/vfs/index.ts";
import {
  inlineSyncer,
  type Syncer,
  serveSyncs,
  threadSyncer,
} from "../../../../server/shard/log/syncer.ts";

const failing: Syncer = {
  sync: () => Promise.reject(new Error("the fallback was asked")),
  syncDirectory: () => Promise.reject(new Error("the fallback was asked")),
};

test("syncs are asked for over a port, and their failures come back", async () => {
  const { port1, port2 } = new MessageChannel();
  serveSyncs(port2);
  const syncer = threadSyncer(port1, failing);
  const directory = mkdtempSync(join(tmpdir(), "urd-sync-"));
  const file = nodeVfs.open(`${directory}/x`, "create");
  file.write(Uint8Array.of(1), 0);
  await syncer.sync(file);
  await syncer.syncDirectory(directory);
  await expect(syncer.syncDirectory(`${directory}/none`)).rejects.toThrow(/ENOENT/);
  await expect(syncer.sync({ ...file, fd: 1_000_000 })).rejects.toThrow(/EBADF/);
  file.close();
  port1.close();
});

test("when the thread is gone, what waits and what comes is done without it", async () => {
  const { port1, port2 } = new MessageChannel();
  const synced: string[] = [];
  const file = { fd: 1, sync: () => synced.push("file") } as unknown as VfsFile;
  const vfs = { ...nodeVfs, syncDirectory: (path: string) => void synced.push(path) };
  const syncer = threadSyncer(port1, inlineSyncer(vfs));
  const waits = syncer.sync(file);
  port2.close();
  await waits;
  await syncer.syncDirectory("/d");
  expect(synced).toEqual(["file", "/d"]);
});
