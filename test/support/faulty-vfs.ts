import type { PathInfo, Vfs, VfsFile } from "../../server/platform/vfs/index.ts";

/** An operation that changes the disk, as faults see it. */
export interface VfsOperation {
  readonly kind: "write" | "sync" | "truncate" | "create" | "rename" | "remove" | "syncDirectory";
  readonly path: string;
  readonly sizeBytes: number;
}

/** What a fault does to an operation: an error code, a short write, or the end of the process. */
export type Fault =
  | { readonly error: string }
  | { readonly shortBytes: number }
  | { readonly crash: true };

/** A file system in memory that fails on demand and can lose power. */
export interface FaultyVfs extends Vfs {
  /** Asked before each operation; undefined lets it through. */
  fault: ((operation: VfsOperation) => Fault | undefined) | undefined;
  /** Operations so far that change the disk. */
  readonly operations: number;
  /** The file system as a process finds it that starts after kill -9: all writes are there. */
  afterKill(): FaultyVfs;
  /**
   * As it is found after a loss of power: only what was synced. `keepUnsynced` says, per file,
   * how many of the bytes written since the last sync made it (default none).
   */
  afterPowerLoss(keepUnsynced?: (path: string, unsyncedBytes: number) => number): FaultyVfs;
  /** Flips one bit of a file. */
  flipBit(path: string, bit: number): void;
  /** Bytes of a file, a copy. */
  contents(path: string): Uint8Array;
}

/** Thrown by every operation from the moment of a crash on. */
export class CrashError extends Error {}

interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array;
  sizeBytes: number;
  durable: Uint8Array;
  /** Both count up over the life of the file system: a model of time and of inode numbers. */
  readonly inode: number;
  modifiedMs: number;
}

interface DirectoryNode {
  readonly kind: "directory";
  entries: Map<string, Node>;
  durable: Map<string, Node>;
}

type Node = FileNode | DirectoryNode;

/** Makes an empty file system. */
export function createFaultyVfs(): FaultyVfs {
  return new MemoryVfs(newDirectory());
}

const newDirectory = (): DirectoryNode => ({
  kind: "directory",
  entries: new Map(),
  durable: new Map(),
});

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function newFile(tick: number): FileNode {
  const none = new Uint8Array(0);
  return { kind: "file", bytes: none, sizeBytes: 0, durable: none, inode: tick, modifiedMs: tick };
}

function fileInfo({ sizeBytes, modifiedMs, inode }: FileNode): PathInfo {
  return { kind: "file", sizeBytes, modifiedMs, inode };
}

class MemoryVfs implements FaultyVfs {
  fault: ((operation: VfsOperation) => Fault | undefined) | undefined;
  operations = 0;
  readonly #root: DirectoryNode;
  #crashed = false;
  #fd = 1000;
  #ticks = 0;

  constructor(root: DirectoryNode) {
    this.#root = root;
  }

  open(path: string, mode: "create" | "update" | "read"): VfsFile {
    this.#alive();
    const { parent, name } = this.#parent(path);
    let node = parent.entries.get(name);
    if (mode === "create") {
      this.#step({ kind: "create", path, sizeBytes: 0 });
      if (node?.kind === "file") node.sizeBytes = 0;
      else {
        node = newFile(++this.#ticks);
        parent.entries.set(name, node);
      }
    }
    if (node?.kind !== "file") throw systemError("ENOENT", path);
    return this.#file(path, node);
  }

  makeDirectory(path: string): void {
    this.#alive();
    let at = this.#root;
    for (const name of parts(path)) {
      let next = at.entries.get(name);
      if (next === undefined) {
        next = newDirectory();
        at.entries.set(name, next);
        at.durable.set(name, next);
      }
      if (next.kind !== "directory") throw systemError("ENOTDIR", path);
      at = next;
    }
  }

  list(path: string): readonly string[] {
    this.#alive();
    const node = this.#find(path);
    return node?.kind === "directory" ? [...node.entries.keys()].sort() : [];
  }

  exists(path: string): boolean {
    this.#alive();
    return this.#find(path) !== undefined;
  }

  stat(path: string): PathInfo | undefined {
    this.#alive();
    const node = this.#find(path);
    if (node?.kind === "file") return fileInfo(node);
    if (node === undefined) return undefined;
    return { kind: "directory", sizeBytes: 0, modifiedMs: 0, inode: 0 };
  }

  rename(from: string, to: string): void {
    const source = this.#parent(from);
    const node = source.parent.entries.get(source.name);
    if (node === undefined) throw systemError("ENOENT", from);
    this.#step({ kind: "rename", path: to, sizeBytes: 0 });
    const target = this.#parent(to);
    source.parent.entries.delete(source.name);
    target.parent.entries.set(target.name, node);
  }

  remove(path: string): void {
    this.#step({ kind: "remove", path, sizeBytes: 0 });
    const node = this.#find(path);
    if (node === undefined) return;
    const { parent, name } = this.#parent(path);
    parent.entries.delete(name);
  }

  removeTree(path: string): void {
    this.remove(path);
  }

  removeEmptyDirectory(path: string): boolean {
    const node = this.#find(path);
    if (node?.kind !== "directory" || node.entries.size > 0) return false;
    this.remove(path);
    return true;
  }

  syncDirectory(path: string): void {
    this.#step({ kind: "syncDirectory", path, sizeBytes: 0 });
    const node = this.#find(path);
    if (node?.kind !== "directory") throw systemError("ENOENT", path);
    node.durable = new Map(node.entries);
  }

  afterKill(): FaultyVfs {
    return new MemoryVfs(copyLive(this.#root));
  }

  afterPowerLoss(keepUnsynced?: (path: string, unsyncedBytes: number) => number): FaultyVfs {
    return new MemoryVfs(copyDurable(this.#root, "", keepUnsynced ?? (() => 0)));
  }

  flipBit(path: string, bit: number): void {
    const node = this.#find(path);
    if (node?.kind !== "file") throw systemError("ENOENT", path);
    node.bytes[bit >>> 3] = (node.bytes[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  }

  contents(path: string): Uint8Array {
    const node = this.#find(path);
    if (node?.kind !== "file") throw systemError("ENOENT", path);
    return node.bytes.slice(0, node.sizeBytes);
  }

  #file(path: string, node: FileNode): VfsFile {
    return {
      fd: this.#fd++,
      write: (bytes, positionBytes) => {
        const fault = this.#step({ kind: "write", path, sizeBytes: bytes.length });
        const count = fault === undefined ? bytes.length : Math.min(fault, bytes.length);
        node.modifiedMs = ++this.#ticks;
        put(node, bytes.subarray(0, count), positionBytes);
        this.#alive();
        return count;
      },
      read: (target, positionBytes) => {
        this.#alive();
        const from = node.bytes.subarray(0, node.sizeBytes).subarray(positionBytes);
        const count = Math.min(from.length, target.length);
        target.set(from.subarray(0, count));
        return count;
      },
      sizeBytes: () => node.sizeBytes,
      stat: () => fileInfo(node),
      truncate: (sizeBytes) => {
        this.#step({ kind: "truncate", path, sizeBytes });
        if (sizeBytes > node.sizeBytes) put(node, new Uint8Array(0), sizeBytes);
        node.sizeBytes = sizeBytes;
      },
      sync: () => {
        this.#step({ kind: "sync", path, sizeBytes: node.sizeBytes });
        node.durable = node.bytes.slice(0, node.sizeBytes);
      },
      close: () => {},
    };
  }

  /** Counts an operation and applies the fault; returns the bound of a short write. */
  #step(operation: VfsOperation): number | undefined {
    this.#alive();
    this.operations++;
    const fault = this.fault?.(operation);
    if (fault === undefined) return undefined;
    if ("error" in fault) throw systemError(fault.error, operation.path);
    if ("shortBytes" in fault) return fault.shortBytes;
    this.#crashed = true;
    // A dying process may have written any part of what it was writing.
    if (operation.kind === "write") return operation.sizeBytes >>> 1;
    throw new CrashError("crashed");
  }

  #alive(): void {
    if (this.#crashed) throw new CrashError("crashed");
  }

  #find(path: string): Node | undefined {
    let at: Node | undefined = this.#root;
    for (const name of parts(path)) {
      if (at?.kind !== "directory") return undefined;
      at = at.entries.get(name);
    }
    return at;
  }

  #parent(path: string): { parent: DirectoryNode; name: string } {
    const names = parts(path);
    const name = names.pop() ?? "";
    const parent = this.#find(names.join("/"));
    if (parent?.kind !== "directory") throw systemError("ENOENT", path);
    return { parent, name };
  }
}

const parts = (path: string): string[] => path.split("/").filter((part) => part !== "");

function put(node: FileNode, bytes: Uint8Array, positionBytes: number): void {
  const end = positionBytes + bytes.length;
  if (end > node.bytes.length) {
    const larger = new Uint8Array(Math.max(end, 2 * node.bytes.length));
    larger.set(node.bytes.subarray(0, node.sizeBytes));
    node.bytes = larger;
  }
  if (positionBytes > node.sizeBytes) node.bytes.fill(0, node.sizeBytes, positionBytes);
  node.bytes.set(bytes, positionBytes);
  node.sizeBytes = Math.max(node.sizeBytes, end);
}

function copyLive(directory: DirectoryNode): DirectoryNode {
  const copy = newDirectory();
  for (const [name, node] of directory.entries) {
    copy.entries.set(name, node.kind === "file" ? surviving(node, node.sizeBytes) : copyLive(node));
  }
  copy.durable = new Map(copy.entries);
  return copy;
}

function copyDurable(
  directory: DirectoryNode,
  path: string,
  keepUnsynced: (path: string, unsyncedBytes: number) => number,
): DirectoryNode {
  const copy = newDirectory();
  for (const [name, node] of directory.durable) {
    const at = `${path}/${name}`;
    if (node.kind === "directory") copy.entries.set(name, copyDurable(node, at, keepUnsynced));
    else {
      const durable = surviving({ ...node, bytes: node.durable }, node.durable.length);
      const unsynced = Math.max(0, node.sizeBytes - node.durable.length);
      const kept = node.durable.length + keepUnsynced(at, unsynced);
      copy.entries.set(name, kept > node.durable.length ? surviving(node, kept) : durable);
    }
  }
  copy.durable = new Map(copy.entries);
  return copy;
}

function surviving(node: FileNode, sizeBytes: number): FileNode {
  const bytes = node.bytes.slice(0, sizeBytes);
  return { ...node, bytes, sizeBytes: bytes.length, durable: bytes.slice() };
}
