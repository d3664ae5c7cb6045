import { closeSync, fdatasyncSync, fsyncSync, openSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import { errorText } from "../../platform/base/index.ts";
import type { Vfs, VfsFile } from "../../platform/vfs/index.ts";

/** Makes bytes survive a loss of power, wherever that is done. Rejects when the disk says no. */
export interface Syncer {
  sync(file: VfsFile): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

/** Syncs in the calling thread; for tests and tools. */
export function inlineSyncer(vfs: Vfs): Syncer {
  return {
    sync: async (file) => file.sync(),
    syncDirectory: async (path) => vfs.syncDirectory(path),
  };
}

interface SyncRequest {
  readonly id: number;
  /** Number of an open file: files belong to the process, so any thread may sync them. */
  readonly fd?: number;
  readonly directory?: string;
}

interface SyncAnswer {
  readonly id: number;
  readonly error?: string;
}

/** The thread that would have answered is gone. */
class SyncThreadGone extends Error {}

/**
 * Has a thread of its own do the syncs: one that takes 400 ms stops no push, and the pool of
 * libuv, which others may fill, is never on the way to an acknowledgement. When the thread
 * dies, `fallback` does the rest.
 */
export function threadSyncer(port: MessagePort, fallback: Syncer): Syncer {
  const ask = askingSyncThread(port);
  const orFallback = (asked: Promise<void>, instead: () => Promise<void>): Promise<void> =>
    asked.catch((error: unknown) => {
      if (error instanceof SyncThreadGone) return instead();
      throw error;
    });
  return {
    sync: (file) => orFallback(ask({ fd: file.fd }), () => fallback.sync(file)),
    syncDirectory: (directory) =>
      orFallback(ask({ directory }), () => fallback.syncDirectory(directory)),
  };
}

function askingSyncThread(port: MessagePort): (what: Omit<SyncRequest, "id">) => Promise<void> {
  const waiting = new Map<number, (error: Error | undefined) => void>();
  let lastId = 0;
  let gone = false;
  port.on("message", (answer: SyncAnswer) => {
    waiting.get(answer.id)?.(answer.error === undefined ? undefined : new Error(answer.error));
    waiting.delete(answer.id);
  });
  port.on("close", () => {
    gone = true;
    for (const finish of waiting.values()) finish(new SyncThreadGone());
    waiting.clear();
  });
  return (what) =>
    new Promise((resolve, reject) => {
      if (gone) {
        reject(new SyncThreadGone());
        return;
      }
      const id = ++lastId;
      waiting.set(id, (error) => (error === undefined ? resolve() : reject(error)));
      port.postMessage({ id, ...what } satisfies SyncRequest);
    });
}

/** The thread's half: answers every request on the port after its sync. */
export function serveSyncs(port: MessagePort): void {
  port.on("message", (request: SyncRequest) => {
    try {
      if (request.fd !== undefined) fdatasyncSync(request.fd);
      if (request.directory !== undefined) syncDirectory(request.directory);
      port.postMessage({ id: request.id } satisfies SyncAnswer);
    } catch (error) {
      port.postMessage({ id: request.id, error: errorText(error) } satisfies SyncAnswer);
    }
  });
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
