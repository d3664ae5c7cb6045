import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import type { PathInfo, Vfs, VfsFile } from "./vfs.ts";

const flagsOfMode = { create: "w+", update: "r+", read: "r" } as const;

/** The machine's file system. */
export const nodeVfs: Vfs = {
  open: (path, mode) => openFile(path, flagsOfMode[mode]),
  makeDirectory: (path) => void mkdirSync(path, { recursive: true }),
  list: (path) => (existsSync(path) ? readdirSync(path).sort() : []),
  exists: existsSync,
  stat(path) {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : pathInfo(stats);
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  removeTree: (path) => rmSync(path, { force: true, recursive: true }),
  removeEmptyDirectory(path) {
    try {
      rmdirSync(path);
      return true;
    } catch (error) {
      if (notEmptyCodes.has((error as NodeJS.ErrnoException).code ?? "")) return false;
      throw error;
    }
  },
  syncDirectory(path) {
    const fd = openSync(path, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
};

/** POSIX allows either code for a directory that has something in it. */
const notEmptyCodes: ReadonlySet<string> = new Set(["ENOTEMPTY", "EEXIST", "ENOENT"]);

function pathInfo(stats: Stats): PathInfo {
  const kind = stats.isDirectory() ? "directory" : "file";
  return { kind, sizeBytes: stats.size, modifiedMs: stats.mtimeMs, inode: stats.ino };
}

function openFile(path: string, flags: string): VfsFile {
  const fd = openSync(path, flags, 0o640);
  return {
    fd,
    write: (bytes, positionBytes) => writeSync(fd, bytes, 0, bytes.length, positionBytes),
    read(target, positionBytes) {
      let count = 0;
      while (count < target.length) {
        const got = readSync(fd, target, count, target.length - count, positionBytes + count);
        if (got === 0) break;
        count += got;
      }
      return count;
    },
    sizeBytes: () => fstatSync(fd).size,
    stat: () => pathInfo(fstatSync(fd)),
    truncate: (sizeBytes) => ftruncateSync(fd, sizeBytes),
    sync: () => fdatasyncSync(fd),
    close: () => closeSync(fd),
  };
}
