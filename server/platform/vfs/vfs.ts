/**
 * The file system as a parameter, so that tests can make it fail and lose power. Everything is
 * synchronous: the threads that write have nothing better to do, and a synchronous write costs a
 * third of an asynchronous one. Failures are thrown as the system's errors with `code`.
 */
export interface Vfs {
  /**
   * Opens a file. `create`: for reading and writing, new or emptied. `update`: for reading and
   * writing, must exist. `read`: must exist.
   */
  open(path: string, mode: "create" | "update" | "read"): VfsFile;
  /** Makes a directory and those above it; no error when it is there. */
  makeDirectory(path: string): void;
  /** Names in a directory, sorted; empty when there is no such directory. */
  list(path: string): readonly string[];
  exists(path: string): boolean;
  /** What stands at a path; undefined when nothing does. */
  stat(path: string): PathInfo | undefined;
  /** Moves a file or directory, replacing a file or an empty directory. */
  rename(from: string, to: string): void;
  /** Removes a file; no error when there is none. */
  remove(path: string): void;
  /** Removes a directory with everything in it; no error when there is none. */
  removeTree(path: string): void;
  /** Removes a directory when it has nothing in it; false when it has, or is not there. */
  removeEmptyDirectory(path: string): boolean;
  /** Makes the names in a directory survive a loss of power. */
  syncDirectory(path: string): void;
}

/** What a file system tells of a file or directory. */
export interface PathInfo {
  readonly kind: "file" | "directory";
  readonly sizeBytes: number;
  /** When its bytes were last changed, ms since the Unix epoch, with fractions. */
  readonly modifiedMs: number;
  /** The same for the same file as long as it exists, whatever its path. */
  readonly inode: number;
}

/** An open file. */
export interface VfsFile {
  /** The process's number of the file: any thread of the process may sync it. */
  readonly fd: number;
  /** Writes at `positionBytes`; returns how much was written, which may be less than all. */
  write(bytes: Uint8Array, positionBytes: number): number;
  /** Reads from `positionBytes`; returns how much came: less than asked only at the end. */
  read(target: Uint8Array, positionBytes: number): number;
  sizeBytes(): number;
  /** As `Vfs.stat`, of this file even when its path leads elsewhere by now. */
  stat(): PathInfo;
  truncate(sizeBytes: number): void;
  /** Returns when the file's bytes survive a loss of power. */
  sync(): void;
  close(): void;
}

/** Writes all of `bytes`, over as many writes as it takes. Throws when a write makes no progress. */
export function writeAll(file: VfsFile, bytes: Uint8Array, positionBytes: number): void {
  let written = 0;
  while (written < bytes.length) {
    const count = file.write(bytes.subarray(written), positionBytes + written);
    if (count <= 0) throw new Error(`a write of ${bytes.length - written} bytes wrote nothing`);
    written += count;
  }
}

/** Reads a whole file; undefined when it does not exist. For small files. */
export function readWhole(vfs: Vfs, path: string): Uint8Array | undefined {
  if (!vfs.exists(path)) return undefined;
  const file = vfs.open(path, "read");
  try {
    const bytes = new Uint8Array(file.sizeBytes());
    return bytes.subarray(0, file.read(bytes, 0));
  } finally {
    file.close();
  }
}

/**
 * Puts a small file in place whole or not at all, whatever happens: written beside it, synced,
 * renamed, and the directory synced.
 */
export function replaceFile(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  const file = vfs.open(temporary, "create");
  try {
    writeAll(file, bytes, 0);
    file.sync();
  } finally {
    file.close();
  }
  vfs.rename(temporary, path);
  vfs.syncDirectory(path.slice(0, path.lastIndexOf("/")));
}
