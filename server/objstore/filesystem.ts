import { monotonicFactory } from "ulid";
import { assert, type Clock, type Prng } from "../platform/base/index.ts";
import { compareUtf8 } from "../model/index.ts";
import { type PathInfo, type Vfs, type VfsFile, writeAll } from "../platform/vfs/index.ts";
import type {
  Bucket,
  BucketCall,
  ByteRange,
  ListPage,
  ListRequest,
  ObjectBytes,
  ObjectInfo,
  PartTag,
  Upload,
  UploadOptions,
  UploadPart,
} from "./bucket.ts";
import { assertRange } from "./byte-range.ts";
import { type FaultPlace, objectChanged, refused, unavailable } from "./faults.ts";
import { listPage } from "./list-page.ts";
import { assertObjectName } from "./object-name.ts";

/** Where unfinished objects lie; on the same file system, so that a rename puts them in place. */
const unfinishedFolder = ".urd-unfinished";

/** What a crash left is removed once nobody can be writing it any more. */
const unfinishedAgeMsMax = 24 * 3_600_000;

/** Another process that empties the same folder may win the race this often, not more. */
const raceTriesMax = 5;

/** What a bucket of files needs of the world. */
export interface FilesystemWorld {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly prng: Prng;
}

/**
 * A bucket of files below `directory`, an absolute path that is made when it is missing. Several
 * processes may use one directory. Objects survive a loss of power once `write` or `complete`
 * returned: the bytes are synced, renamed into place, and every folder on the way is synced.
 */
export function openFilesystemBucket(directory: string, world: FilesystemWorld): Bucket {
  const root = directory.replace(/\/+$/, "");
  assert(root.startsWith("/"), "the directory of a bucket is an absolute path");
  return new FilesystemBucket(root, world);
}

class FilesystemBucket implements Bucket {
  readonly address: string;
  readonly #root: string;
  readonly #vfs: Vfs;
  readonly #clock: Clock;
  readonly #nextId: () => string;

  constructor(root: string, world: FilesystemWorld) {
    this.address = `file://${root}`;
    this.#root = root;
    this.#vfs = world.vfs;
    this.#clock = world.clock;
    const ids = monotonicFactory(() => world.prng.next());
    this.#nextId = () => ids(world.clock.nowMs());
    this.#attempt("open the directory", () => this.#prepare());
  }

  async list(request: ListRequest, call: BucketCall): Promise<ListPage> {
    call.signal?.throwIfAborted();
    return this.#attempt(`list ${request.prefix}`, () =>
      listPage(this.#names(request), request, (name) => this.#info(name)),
    );
  }

  async head(name: string, call: BucketCall): Promise<ObjectInfo | undefined> {
    call.signal?.throwIfAborted();
    return this.#attempt(`look up ${name}`, () => this.#info(name));
  }

  async read(name: string, range: ByteRange, call: BucketCall): Promise<ObjectBytes | undefined> {
    assertRange(range);
    call.signal?.throwIfAborted();
    return this.#attempt(`read ${name}`, () => {
      if (this.#info(name) === undefined) return undefined;
      const file = this.#vfs.open(this.#path(name), "read");
      try {
        return readRange(file, range, { address: this.address, attempt: `read ${name}` });
      } finally {
        file.close();
      }
    });
  }

  async write(name: string, bytes: Uint8Array, call: BucketCall): Promise<void> {
    call.signal?.throwIfAborted();
    assertObjectName(name);
    this.#attempt(`write ${name}`, () => {
      const path = this.#unfinishedPath();
      try {
        const file = this.#vfs.open(path, "create");
        try {
          writeAll(file, bytes, 0);
          file.sync();
        } finally {
          file.close();
        }
        this.#place(path, name);
      } catch (error) {
        this.#discard(path);
        throw error;
      }
    });
  }

  async startUpload(name: string, options: UploadOptions): Promise<Upload> {
    options.signal?.throwIfAborted();
    assertObjectName(name);
    const path = this.#unfinishedPath();
    const file = this.#attempt(`write ${name}`, () => this.#vfs.open(path, "create"));
    const { partSizeBytes } = options;
    return new FilesystemUpload(file, partSizeBytes, {
      attempt: (run) => this.#attempt(`write ${name}`, run),
      place: () => this.#place(path, name),
      discard: () => this.#discard(path),
    });
  }

  async delete(name: string, call: BucketCall): Promise<void> {
    call.signal?.throwIfAborted();
    this.#attempt(`delete ${name}`, () => {
      if (this.#info(name) === undefined) return;
      this.#vfs.remove(this.#path(name));
      this.#removeEmptyFolders(folderOf(name));
    });
  }

  async close(): Promise<void> {}

  #prepare(): void {
    const folder = `${this.#root}/${unfinishedFolder}`;
    this.#vfs.makeDirectory(folder);
    for (const name of this.#vfs.list(folder)) {
      const info = this.#vfs.stat(`${folder}/${name}`);
      const oldest = this.#clock.nowMs() - unfinishedAgeMsMax;
      if (info !== undefined && info.modifiedMs < oldest) this.#vfs.remove(`${folder}/${name}`);
    }
  }

  #path(name: string): string {
    return `${this.#root}/${name}`;
  }

  #unfinishedPath(): string {
    return `${this.#root}/${unfinishedFolder}/${this.#nextId()}`;
  }

  #info(name: string): ObjectInfo | undefined {
    const info = this.#vfs.stat(this.#path(name));
    if (info?.kind !== "file") return undefined;
    return { name, sizeBytes: info.sizeBytes, modifiedMs: Math.floor(info.modifiedMs) };
  }

  /** Moves a synced file to an object's place and syncs each folder down to it. */
  #place(path: string, name: string): void {
    for (let tries = 1; ; tries++) {
      try {
        this.#vfs.makeDirectory(this.#path(folderOf(name)));
        this.#vfs.rename(path, this.#path(name));
        break;
      } catch (error) {
        const isLostRace = codeOf(error) === "ENOENT" && this.#vfs.exists(path);
        if (!isLostRace || tries === raceTriesMax) throw error;
      }
    }
    for (let folder = folderOf(name); ; folder = folderOf(folder)) {
      this.#vfs.syncDirectory(this.#path(folder));
      if (folder === "") return;
    }
  }

  #discard(path: string): void {
    try {
      this.#vfs.remove(path);
    } catch {
      // What cannot be removed now is removed when a bucket is opened here a day later.
    }
  }

  /** Object stores have no empty folders. Another process may be filling one: then it stays. */
  #removeEmptyFolders(folder: string): void {
    for (let at = folder; at !== ""; at = folderOf(at)) {
      if (!this.#vfs.removeEmptyDirectory(this.#path(at))) return;
    }
  }

  /**
   * Names of objects that a request may tell, ascending; of a folder that is told as one, the
   * first name in it.
   */
  *#names(request: ListRequest): Generator<string> {
    yield* this.#namesIn(folderOf(`${request.prefix}-`), request);
  }

  *#namesIn(folder: string, request: ListRequest): Generator<string> {
    const start = folder === "" ? "" : `${folder}/`;
    if (this.#vfs.stat(this.#path(folder))?.kind !== "directory") return;
    const entries = this.#vfs
      .list(this.#path(folder))
      .filter((entry) => folder !== "" || entry !== unfinishedFolder)
      .map((entry) => this.#entry(start + entry))
      .sort(compareUtf8);
    for (const entry of entries) {
      if (!entry.startsWith(request.prefix)) continue;
      if (!entry.endsWith("/")) yield entry;
      else if (!isBefore(entry, request.after)) {
        const names = this.#namesIn(entry.slice(0, -1), request);
        yield* request.recursive ? names : names.take(1);
      }
    }
  }

  #entry(path: string): string {
    return this.#vfs.stat(this.#path(path))?.kind === "directory" ? `${path}/` : path;
  }

  #attempt<T>(attempt: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw systemFault({ address: this.address, attempt }, error);
    }
  }
}

/** What an upload does to its bucket. */
interface UploadSteps {
  readonly attempt: <T>(run: () => T) => T;
  readonly place: () => void;
  readonly discard: () => void;
}

class FilesystemUpload implements Upload {
  readonly parallel = true;
  readonly #file: VfsFile;
  readonly #partSizeBytes: number;
  readonly #steps: UploadSteps;
  #isOpen = true;
  #isPlaced = false;

  constructor(file: VfsFile, partSizeBytes: number, steps: UploadSteps) {
    this.#file = file;
    this.#partSizeBytes = partSizeBytes;
    this.#steps = steps;
  }

  async storePart(part: UploadPart, call: BucketCall): Promise<PartTag> {
    call.signal?.throwIfAborted();
    const at = part.number * this.#partSizeBytes;
    this.#steps.attempt(() => writeAll(this.#file, part.bytes, at));
    return String(part.number);
  }

  async complete(_tags: readonly PartTag[], call: BucketCall): Promise<void> {
    call.signal?.throwIfAborted();
    this.#steps.attempt(() => {
      if (this.#isPlaced) return;
      if (this.#isOpen) this.#file.sync();
      this.#close();
      this.#steps.place();
      this.#isPlaced = true;
    });
  }

  async abort(): Promise<void> {
    this.#close();
    if (!this.#isPlaced) this.#steps.discard();
  }

  #close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }
}

function readRange(file: VfsFile, range: ByteRange, at: FaultPlace): ObjectBytes {
  const info = file.stat();
  const version = versionOf(info);
  if (range.version !== undefined && range.version !== version) throw objectChanged(at);
  const sizeBytes = Math.max(0, Math.min(range.sizeBytes, info.sizeBytes - range.offsetBytes));
  const bytes = new Uint8Array(sizeBytes);
  const gotBytes = file.read(bytes, range.offsetBytes);
  if (gotBytes !== sizeBytes) throw unavailable(at, `the file has shrunk to ${gotBytes} bytes`);
  return { bytes, objectSizeBytes: info.sizeBytes, version };
}

/** Files are never changed in place, so that a file's number and time tell its bytes. */
function versionOf(info: PathInfo): string {
  return `${info.inode}-${info.modifiedMs}-${info.sizeBytes}`;
}

/** The folder of a name, without slash; empty for the bucket itself. */
function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** Whether nothing in a folder (its name ends with a slash) comes after `after`. */
function isBefore(folder: string, after: string | undefined): boolean {
  return after !== undefined && !after.startsWith(folder) && compareUtf8(folder, after) < 0;
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : undefined;
}

/** What no waiting will change; a full disk or a worn-out mount may come back. */
const refusals = new Set(["EACCES", "EPERM", "EROFS", "ENOTDIR", "EISDIR", "ENAMETOOLONG"]);

function systemFault(at: FaultPlace, error: unknown): unknown {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error)) return error;
  const fault = refusals.has(code) ? refused : unavailable;
  return fault(at, error.message, { cause: error });
}
