import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Where servers that only tests run are kept between runs. `URD_STORES_DIR` may say otherwise. */
export const storesFolder: string =
  process.env["URD_STORES_DIR"] ?? new URL("../../../.cache/stores", import.meta.url).pathname;

/**
 * Runs `make` unless `isMade`, one process at a time: several test files need the same server and
 * run side by side. A lock whose owner is gone is taken over.
 */
export async function makeOnce(
  name: string,
  step: { isMade: () => boolean; make: () => Promise<void> | void },
): Promise<void> {
  mkdirSync(storesFolder, { recursive: true });
  const lock = join(storesFolder, `${name}.lock`);
  for (;;) {
    if (step.isMade()) return;
    if (takeLock(lock)) break;
    await delay(500);
  }
  try {
    if (!step.isMade()) await step.make();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    const fd = openSync(lock, "wx");
    writeSync(fd, String(process.pid));
    closeSync(fd);
    return true;
  } catch {
    if (!isOwnerAlive(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isOwnerAlive(lock: string): boolean {
  try {
    const owner = Number(readFileSync(lock, "utf8"));
    // Between the making of the file and the writing of the number it is empty.
    if (owner === 0) return true;
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
