import type { ShardKernel } from "../kernel/index.ts";
import { type Clock, CorruptionError, errorText } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import { replaceFile, type Vfs } from "../platform/vfs/index.ts";
import { ChunksFiles, chunksFileNumber } from "./chunks/chunks-files.ts";
import { HoleFinder } from "./hole-finder.ts";
import { decodeHole, type Hole, Holes } from "./holes.ts";
import { type LogContents, type ReadRecord, readLog } from "./log/log-reader.ts";
import { type RecordType, recordTypes } from "./log/record.ts";
import { segmentHeaderSizeBytes, segmentName } from "./log/segment.ts";
import type { ShardSettings } from "./settings.ts";
import { snapshotName, snapshotSequence } from "./snapshot/format.ts";
import {
  type CheckedSnapshot,
  checkSnapshot,
  loadSnapshot,
  skipRange,
} from "./snapshot/read-snapshot.ts";
import { decodeTenant, type ShardTenant, ShardTenants } from "./tenants.ts";

/** What a restart works with. */
export interface RecoverOptions {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The shard's directory. */
  readonly directory: string;
  readonly settings: ShardSettings;
  createKernel(): ShardKernel | Promise<ShardKernel>;
  /** Makes a tenant known to a kernel. */
  introduce(kernel: ShardKernel, tenant: ShardTenant): void;
  /** Lets calls through, which are refused while the restart lasts. */
  pause(): Promise<void>;
}

/** A shard as it was before it stopped. */
export interface Recovered {
  readonly kernel: ShardKernel;
  readonly chunks: ChunksFiles;
  readonly tenants: ShardTenants;
  readonly holes: Holes;
  /** Holes that no log record names yet. */
  readonly newHoles: readonly Hole[];
  readonly log: LogContents;
  /** Snapshots that are there and whole as far as is known, oldest first. */
  readonly snapshots: readonly SnapshotOnDisk[];
  readonly recordsReplayed: number;
}

/** A snapshot file. */
export interface SnapshotOnDisk {
  readonly sequence: number;
  readonly startPosition: number;
  readonly sizeBytes: number;
  /** Oldest chunks file that it refers to; undefined: not known, it is of a former life. */
  readonly chunksFileOldest?: number;
}

/** Folders of a shard. */
export const shardFolders: {
  readonly log: "log";
  readonly chunks: "chunks";
  readonly snapshots: "snapshots";
  readonly setAside: "set-aside";
} = { log: "log", chunks: "chunks", snapshots: "snapshots", setAside: "set-aside" };

/** A kernel that was spoilt by a record or a section: thrown away, and begun again without it. */
class SpoiltKernelError extends Error {
  readonly position: number;

  constructor(position: number, cause: unknown) {
    super(`the kernel fails on the record at ${position}: ${errorText(cause)}`, { cause });
    this.position = position;
  }
}

/**
 * Brings a shard back: the newest whole snapshot, then the log behind it. A snapshot that is not
 * whole gives way to the one before it, and that to the whole log. A record on which the kernel
 * fails twice is set aside in a file and becomes a hole.
 */
export async function recoverShard(options: RecoverOptions): Promise<Recovered> {
  prepareFolders(options);
  const failures = new Map<number, number>();
  for (;;) {
    const snapshots = checkSnapshots(options);
    try {
      return await recoverFrom(options, snapshots);
    } catch (error) {
      if (error instanceof SpoiltKernelError) {
        options.logger.error("a log record cannot be replayed", { error });
        const count = (failures.get(error.position) ?? 0) + 1;
        failures.set(error.position, count);
        if (count >= 2) await setAside(options, error.position);
      } else if (error instanceof CorruptionError && snapshots.length > 0) {
        discardSnapshot(options, snapshots.at(-1) as CheckedOnDisk, error);
      } else throw error;
    }
  }
}

type CheckedOnDisk = CheckedSnapshot & { readonly sequence: number };

function prepareFolders({ vfs, directory }: RecoverOptions): void {
  for (const folder of Object.values(shardFolders)) {
    vfs.makeDirectory(`${directory}/${folder}`);
    for (const name of vfs.list(`${directory}/${folder}`)) {
      if (name.endsWith(".tmp")) vfs.remove(`${directory}/${folder}/${name}`);
    }
  }
  vfs.syncDirectory(directory);
}

/** The snapshots that are whole, oldest first; the others are removed. */
function checkSnapshots(options: RecoverOptions): readonly CheckedOnDisk[] {
  const { vfs, directory } = options;
  const whole: CheckedOnDisk[] = [];
  for (const name of vfs.list(`${directory}/${shardFolders.snapshots}`)) {
    const sequence = snapshotSequence(name);
    if (sequence === undefined) continue;
    const path = `${directory}/${shardFolders.snapshots}/${name}`;
    try {
      whole.push({ ...checkSnapshot(vfs, path), sequence });
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      discardSnapshot(options, { path }, error);
    }
  }
  return whole;
}

function discardSnapshot(
  { vfs, logger }: RecoverOptions,
  snapshot: { path: string },
  error: CorruptionError,
): void {
  logger.error("a snapshot is damaged and is not used", { path: snapshot.path, error });
  vfs.remove(snapshot.path);
}

async function recoverFrom(
  options: RecoverOptions,
  snapshots: readonly CheckedOnDisk[],
): Promise<Recovered> {
  const { vfs, directory, clock, logger, settings } = options;
  const snapshot = snapshots.at(-1);
  const kernel = await options.createKernel();
  const tenants = new ShardTenants();
  const holes = new Holes();
  const holesLogged = new Set<number>();
  const visit = (type: RecordType, body: Uint8Array): void => {
    const tenant = type === recordTypes.tenant ? decodeTenant(body) : undefined;
    if (tenant !== undefined) {
      options.introduce(kernel, tenants.restore(tenant.name, tenant.index));
    }
    const hole = type === recordTypes.hole ? decodeHole(body) : undefined;
    if (hole !== undefined) {
      holes.add(hole);
      holesLogged.add(hole.position);
    }
  };
  if (snapshot !== undefined) {
    await loadSnapshot({ vfs, snapshot, kernel }, { record: visit, pause: options.pause });
  }
  const chunks = new ChunksFiles(kernel, {
    vfs,
    clock,
    logger,
    directory: `${directory}/${shardFolders.chunks}`,
    settings: settings.chunks,
    firstFile: removeChunksAfter(options, snapshot?.chunksFile ?? 0),
  });
  const replay = new Replay({ options, kernel, chunks, holes, snapshot, visit });
  const log = await replay.run();
  return {
    kernel,
    chunks,
    tenants,
    holes,
    // The record that names a hole stands behind the damage that it is about.
    newHoles: replay.finder.found.filter((hole) => !holesLogged.has(hole.position)),
    log: { ...log, position: Math.max(log.position, snapshot?.endPosition ?? 0) },
    snapshots,
    recordsReplayed: replay.records,
  };
}

/**
 * Chunks files that the snapshot does not know hold only what the replay makes again. Returns
 * the number of the file to go on with, which was never used.
 */
function removeChunksAfter({ vfs, directory }: RecoverOptions, file: number): number {
  const folder = `${directory}/${shardFolders.chunks}`;
  let newest = file;
  for (const name of vfs.list(folder)) {
    const number = chunksFileNumber(name);
    if (number === undefined) continue;
    newest = Math.max(newest, number);
    if (number > file) vfs.remove(`${folder}/${name}`);
  }
  return newest + 1;
}

interface ReplayParts {
  readonly options: RecoverOptions;
  readonly kernel: ShardKernel;
  readonly chunks: ChunksFiles;
  readonly holes: Holes;
  readonly snapshot: CheckedSnapshot | undefined;
  readonly visit: (type: RecordType, body: Uint8Array) => void;
}

/** Sealed bytes that wait in the kernel before they are written, while replaying. */
const outboxSizeBytesMax = 1 << 20;

class Replay {
  readonly finder: HoleFinder;
  records = 0;
  readonly #parts: ReplayParts;
  readonly #setAside: ReadonlySet<number>;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    const { options } = parts;
    this.finder = new HoleFinder(parts.holes, options.clock.nowMs());
    this.#setAside = new Set(
      options.vfs
        .list(`${options.directory}/${shardFolders.setAside}`)
        .map((name) => Number.parseInt(name, 10)),
    );
  }

  async run(): Promise<LogContents> {
    const { options, snapshot } = this.#parts;
    const { vfs, logger } = options;
    const directory = `${options.directory}/${shardFolders.log}`;
    let torn = false;
    const contents = await readLog(
      { vfs, directory, fromPosition: snapshot?.startPosition ?? 0 },
      {
        record: (record) => this.#record(record),
        damage: (damage) => {
          logger.warn(`the write log has ${damage.cause}`, { position: damage.position });
          torn ||= damage.torn;
          if (!damage.torn) this.#lost(damage.position, damage.cause);
        },
        pause: () => options.pause(),
      },
    );
    this.finder.end();
    const last = contents.segments.at(-1);
    if (torn && last !== undefined) {
      const file = vfs.open(`${directory}/${segmentName(last.sequence)}`, "update");
      file.truncate(segmentHeaderSizeBytes + contents.position - last.startPosition);
      file.close();
    }
    return contents;
  }

  /** Makes a hole of what was lost, unless the log or the snapshot names it already. */
  #lost(position: number, cause: string): void {
    if (!this.#parts.holes.has(position)) this.finder.lost(position, cause);
  }

  #record(record: ReadRecord): void {
    this.records++;
    const { kernel, chunks, snapshot, options } = this.#parts;
    if (record.type !== recordTypes.batch) {
      this.#parts.visit(record.type, record.body);
      return;
    }
    if (this.#setAside.has(record.position)) {
      this.#lost(record.position, "a record was set aside because the kernel failed on it");
      return;
    }
    this.finder.record(record.body);
    const [from, to] = skipRange(snapshot?.slices ?? [], record.endPosition);
    try {
      kernel.input(record.body.length).set(record.body);
      const fault = kernel.replay(record.body.length, from, to);
      if (fault !== undefined) throw new Error(`fault ${JSON.stringify(fault)}`);
    } catch (error) {
      throw new SpoiltKernelError(record.position, error);
    }
    if (kernel.outboxSizeBytes() > outboxSizeBytesMax) {
      chunks.drain();
      if (chunks.backlogged) {
        throw new Error(
          `the chunks files in ${options.directory} cannot be written: is the disk full?`,
        );
      }
    }
  }
}

/** Copies the record at a position into a file of its own; from then on it is a hole. */
async function setAside(options: RecoverOptions, position: number): Promise<void> {
  const { vfs, directory, logger } = options;
  const path = `${directory}/${shardFolders.setAside}/${position}.record`;
  const copy = { bytes: new Uint8Array(0) };
  await readLog(
    { vfs, directory: `${directory}/${shardFolders.log}`, fromPosition: position },
    {
      record: (record) => {
        if (record.position === position) copy.bytes = record.body.slice();
      },
      damage: () => {},
    },
  );
  replaceFile(vfs, path, copy.bytes);
  logger.error("a log record was set aside", { path });
}

/** Path of a snapshot of a shard. */
export function snapshotPath(directory: string, sequence: number): string {
  return `${directory}/${shardFolders.snapshots}/${snapshotName(sequence)}`;
}
