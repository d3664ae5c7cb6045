import { type Clock, errorText, type Timer } from "../../platform/base/index.ts";
import type { Logger } from "../../platform/telemetry/index.ts";
import { type Vfs, type VfsFile, writeAll } from "../../platform/vfs/index.ts";
import { type LogRecord, recordHeaderSizeBytes, writeRecord } from "./record.ts";
import { encodeSegmentHeader, segmentHeaderSizeBytes, segmentName } from "./segment.ts";
import type { Syncer } from "./syncer.ts";
import { UnsyncedTail } from "./unsynced-tail.ts";

/** When the log is synced: every interval, before every acknowledgement, or when the system likes. */
export const syncModes = ["interval", "always", "os"] as const;

/** One of `syncModes`. */
export type SyncMode = (typeof syncModes)[number];

/** Sizes and times of a log. */
export interface ShardLogSettings {
  readonly syncMode: SyncMode;
  readonly syncIntervalMs: number;
  readonly segmentSizeBytesMax: number;
  /** Unsynced bytes kept in memory, over which `saturated` asks the caller to wait. */
  readonly unsyncedSizeBytesMax: number;
  /** Least time between two tries to write after a failure. */
  readonly retryIntervalMs: number;
}

/** What a log works with. */
export interface ShardLogOptions {
  readonly vfs: Vfs;
  readonly syncer: Syncer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly directory: string;
  readonly shard: number;
  readonly settings: ShardLogSettings;
  /** Segments that are there, oldest first; the log goes on behind them in a new one. */
  readonly segments: readonly LogSegment[];
  /** Position at which the first new record will stand. */
  readonly position: number;
}

/** A segment file of the log. */
export interface LogSegment {
  readonly sequence: number;
  readonly startPosition: number;
}

interface OpenSegment extends LogSegment {
  readonly file: VfsFile;
  readonly path: string;
  sizeBytes: number;
  /** False when bytes behind the last whole record could not be cut off. */
  clean: boolean;
}

interface Waiter {
  readonly position: number;
  readonly finish: (synced: boolean) => void;
}

/**
 * The write log of one shard. It is either well or waits for the disk:
 *
 *   write failed   the segment was cut back to its last whole record; the next append tries again
 *   sync failed    nothing may be acknowledged until all bytes since the last good sync stand
 *                  in a new segment that was synced; until then appends fail
 *
 * Appends are synchronous and in order. A record counts as logged when `append` returns true,
 * and may be acknowledged when `synced(position)` resolves true.
 */
export class ShardLog {
  readonly #options: ShardLogOptions;
  readonly #segments: LogSegment[];
  readonly #tail: UnsyncedTail;
  readonly #timer: Timer | undefined;
  /** Segments whose last bytes are not synced, oldest first; the last is written to. */
  #open: OpenSegment[] = [];
  #waiters: Waiter[] = [];
  #position: number;
  #syncedPosition: number;
  #pass: Promise<void> | undefined;
  #namesSynced = true;
  #syncFailed = false;
  #failedAtMs: number | undefined;
  #closed = false;

  /** Touches no file: the first append makes a new segment behind those that are there. */
  constructor(options: ShardLogOptions) {
    this.#options = options;
    this.#segments = [...options.segments];
    this.#position = options.position;
    this.#syncedPosition = options.position;
    this.#tail = new UnsyncedTail(options.position);
    const { syncMode, syncIntervalMs } = options.settings;
    if (syncMode !== "os") {
      this.#timer = options.clock.every(syncIntervalMs, () => this.#tick());
    }
  }

  /** Position behind the last record. */
  get position(): number {
    return this.#position;
  }

  /** Position up to which records survive a loss of power. */
  get syncedPosition(): number {
    return this.#syncedPosition;
  }

  /** False while the last write or sync failed. */
  get isWell(): boolean {
    return this.#failedAtMs === undefined;
  }

  /** True when so much waits for a sync that the caller should await `settled` before it appends. */
  get saturated(): boolean {
    return this.#tail.sizeBytes > this.#options.settings.unsyncedSizeBytesMax;
  }

  /** False while the disk failed a short time ago: refuse without work, and try later. */
  mayTry(): boolean {
    if (this.#failedAtMs === undefined) return true;
    const { clock, settings } = this.#options;
    return clock.monotonicMs() - this.#failedAtMs >= settings.retryIntervalMs;
  }

  /**
   * Writes records with one write, all or none. False when the disk did not take them. No
   * records: tells whether what was judged against the present state may be acknowledged.
   */
  append(records: readonly LogRecord[]): boolean {
    if (this.#syncFailed && !(this.mayTry() && this.#recover())) return false;
    if (records.length === 0) return true;
    let sizeBytes = 0;
    for (const record of records) sizeBytes += recordHeaderSizeBytes + record.body.length;
    const room = this.#tail.extend(sizeBytes);
    let at = 0;
    for (const record of records) at = writeRecord(room, at, record);
    try {
      const segment = this.#writable();
      segment.clean = false;
      writeAll(segment.file, room, segment.sizeBytes);
      segment.clean = true;
      segment.sizeBytes += sizeBytes;
    } catch (error) {
      this.#tail.shrink(sizeBytes);
      this.#writeFailed(error);
      return false;
    }
    this.#position += sizeBytes;
    this.#written();
    return true;
  }

  /** Resolves when records up to `position` may be acknowledged; false when the disk failed first. */
  synced(position: number): Promise<boolean> | boolean {
    if (this.#syncFailed) return false;
    if (this.#options.settings.syncMode !== "always") return true;
    if (position <= this.#syncedPosition) return true;
    return new Promise((finish) => {
      this.#waiters.push({ position, finish });
      this.#startPass();
    });
  }

  /** Syncs what is written; resolves when that is synced or the disk failed. */
  async settled(): Promise<void> {
    const position = this.#position;
    while (this.#syncedPosition < position) {
      this.#startPass();
      if (this.#pass === undefined) return;
      await this.#pass;
    }
  }

  /** Removes segments that hold nothing at or after `position`. */
  cutBefore(position: number): void {
    const { vfs, directory } = this.#options;
    for (;;) {
      const [first, second] = this.#segments;
      if (first === undefined || second === undefined || second.startPosition > position) return;
      vfs.remove(`${directory}/${segmentName(first.sequence)}`);
      this.#segments.shift();
    }
  }

  /** Syncs and closes. What was appended stays; nothing may be appended afterwards. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.settled();
    this.#closed = true;
    for (const segment of this.#open) segment.file.close();
    this.#open = [];
    this.#finishWaiters(false);
  }

  /** The segment to write to: a new one when the last is full or could not be cut clean. */
  #writable(): OpenSegment {
    const last = this.#open.at(-1);
    if (last?.clean === true && last.sizeBytes < this.#options.settings.segmentSizeBytesMax) {
      return last;
    }
    return this.#addSegment(this.#position);
  }

  #addSegment(startPosition: number): OpenSegment {
    const { vfs, directory } = this.#options;
    const sequence = (this.#segments.at(-1)?.sequence ?? 0) + 1;
    const path = `${directory}/${segmentName(sequence)}`;
    const file = vfs.open(path, "create");
    try {
      writeAll(file, this.#header(sequence, startPosition), 0);
    } catch (error) {
      file.close();
      vfs.remove(path);
      throw error;
    }
    return this.#adopt({ sequence, startPosition, file, path });
  }

  #adopt(made: { sequence: number; startPosition: number; file: VfsFile; path: string }) {
    const segment: OpenSegment = { ...made, sizeBytes: segmentHeaderSizeBytes, clean: true };
    this.#segments.push({ sequence: made.sequence, startPosition: made.startPosition });
    this.#open.push(segment);
    this.#namesSynced = false;
    return segment;
  }

  #header(sequence: number, startPosition: number): Uint8Array {
    return encodeSegmentHeader({ shard: this.#options.shard, sequence, startPosition });
  }

  #written(): void {
    this.#failedAtMs = undefined;
    if (this.#options.settings.syncMode === "os") {
      this.#syncedPosition = this.#position;
      this.#tail.release(this.#position);
      this.#closeFull(this.#open.length - 1);
    }
  }

  #writeFailed(error: unknown): void {
    this.#fail("the write log cannot be written", error);
    const segment = this.#open.at(-1);
    if (segment === undefined || segment.clean) return;
    try {
      segment.file.truncate(segment.sizeBytes);
      segment.clean = true;
    } catch {
      // The next append opens a new segment, whose start says that these bytes do not count.
    }
  }

  #fail(what: string, error: unknown): void {
    if (this.#failedAtMs === undefined) {
      this.#options.logger.error(what, { shard: this.#options.shard, error: errorText(error) });
    }
    this.#failedAtMs = this.#options.clock.monotonicMs();
  }

  #tick(): void {
    if (this.#syncFailed) {
      if (this.mayTry()) this.#recover();
    } else if (this.#position > this.#syncedPosition) this.#startPass();
  }

  #startPass(): void {
    if (this.#pass !== undefined || this.#syncFailed || this.#closed) return;
    if (this.#options.settings.syncMode === "os" || this.#position === this.#syncedPosition) return;
    this.#pass = this.#syncPass().finally(() => {
      this.#pass = undefined;
      if (this.#waiters.length > 0) this.#startPass();
    });
  }

  async #syncPass(): Promise<void> {
    const { syncer, directory } = this.#options;
    const position = this.#position;
    const segments = [...this.#open];
    const names = !this.#namesSynced;
    if (names) this.#namesSynced = true;
    try {
      for (const segment of segments) await syncer.sync(segment.file);
      if (names) await syncer.syncDirectory(directory);
    } catch (error) {
      if (names) this.#namesSynced = false;
      this.#syncFailed = true;
      this.#fail("the write log cannot be synced", error);
      this.#recover();
      return;
    }
    this.#closeFull(segments.length - 1);
    this.#syncedUpTo(position);
  }

  /** Closes the oldest open segments, which are synced and full. */
  #closeFull(count: number): void {
    for (const segment of this.#open.splice(0, count)) segment.file.close();
  }

  #syncedUpTo(position: number): void {
    this.#syncedPosition = position;
    this.#tail.release(position);
    this.#waiters = this.#waiters.filter((waiter) => {
      if (waiter.position > position) return true;
      waiter.finish(true);
      return false;
    });
  }

  #finishWaiters(synced: boolean): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.finish(synced);
  }

  /**
   * Writes everything since the last good sync into a new segment and syncs it. The segment gets
   * its name last: a reader never takes a part of it for the whole. False when that failed too.
   */
  #recover(): boolean {
    const { vfs, directory, logger, shard } = this.#options;
    const sequence = (this.#segments.at(-1)?.sequence ?? 0) + 1;
    const path = `${directory}/${segmentName(sequence)}`;
    const startPosition = this.#syncedPosition;
    let file: VfsFile | undefined;
    try {
      file = vfs.open(`${path}.tmp`, "create");
      writeAll(file, this.#header(sequence, startPosition), 0);
      let at = segmentHeaderSizeBytes;
      for (const bytes of this.#tail.from(startPosition)) {
        writeAll(file, bytes, at);
        at += bytes.length;
      }
      file.sync();
      vfs.rename(`${path}.tmp`, path);
      vfs.syncDirectory(directory);
      this.#closeFull(this.#open.length);
      this.#adopt({ sequence, startPosition, file, path }).sizeBytes = at;
    } catch (error) {
      file?.close();
      this.#fail("the write log cannot be written again", error);
      this.#finishWaiters(false);
      return false;
    }
    this.#namesSynced = true;
    this.#syncFailed = false;
    this.#failedAtMs = undefined;
    logger.info("the write log was written again behind a failed sync", { shard });
    this.#syncedUpTo(this.#position);
    return true;
  }
}
