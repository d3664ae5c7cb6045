import { accessSync, constants, mkdirSync } from "node:fs";
import { defined, errorText } from "../platform/base/index.ts";
import { type DirectoryLock, lockDirectory } from "../platform/vfs/index.ts";
import type { Module } from "./start-stop.ts";
import { StartError } from "./start-error.ts";

/** The data directory as a module: serving means that it is there, writable and this process's. */
export function createDataDir(path: string): Module {
  let lock: DirectoryLock | undefined;
  return {
    async start() {
      makeWritable(path);
      lock = await lockDirectory(path).catch((error: unknown) => {
        throw new StartError(`the data directory ${path} cannot be locked: ${errorText(error)}`);
      });
      if (lock === undefined) {
        throw new StartError(
          `the data directory ${path} is in use by another process; stop that one or set --data-dir`,
        );
      }
    },
    async stop() {
      await lock?.release();
    },
  };
}

function makeWritable(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isFile = code === "EEXIST" || code === "ENOTDIR";
    const cause = isFile ? "is not a directory" : `is not writable (${defined(code, "code")})`;
    throw new StartError(`the data directory ${path} ${cause}; set --data-dir`, error);
  }
}
