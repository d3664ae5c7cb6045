import { type Clock, assert } from "../../platform/base/index.ts";
import { type Vfs, type VfsFile, writeAll } from "../../platform/vfs/index.ts";
import type { ShardKernel } from "../../kernel/index.ts";
import type { LogRecord } from "../log/record.ts";
import { recordHeaderSizeBytes, writeRecord } from "../log/record.ts";
import type { Syncer } from "../log/syncer.ts";
import {
  encodeSectionHeader,
  encodeSnapshotHeader,
  endSizeBytes,
  type SectionType,
  sectionHeaderSizeBytes,
  sectionTypes,
  snapshotHeaderSizeBytes,
  snapshotName,
} from "./format.ts";

/** What a snapshot is taken from, and with. */
export interface SnapshotSource {
  readonly vfs: Vfs;
  readonly syncer: Syncer;
  readonly clock: Clock;
  readonly kernel: ShardKernel;
  readonly directory: string;
  readonly shard: number;
  readonly sequence: number;
  /** Longest time that one slice should hold up the shard. */
  readonly sliceMsMax: number;
  /** Smallest size that slices are cut to for that. */
  readonly sliceSizeBytesMin: number;
  /** Newest chunks file so far: what is sealed from now on lies in it or behind it. */
  chunksFile(): number;
  /** Position of the log: everything before it is in the kernel. */
  position(): number;
  /** Records that name the tenants and the holes. */
  records(): readonly LogRecord[];
  /** Syncs the chunks files and returns the newest; undefined when the disk does not take them. */
  syncChunks(): Promise<number | undefined>;
  /** Syncs the log; false when the disk does not let it. */
  syncLog(): Promise<boolean>;
  /** Lets batches and queries through. */
  pause(): Promise<void>;
  /** Told of each slice how long it held up the shard. */
  onSlice(pauseMs: number): void;
}

/** A snapshot that is in place. */
export interface SnapshotInfo {
  readonly sequence: number;
  readonly startPosition: number;
  readonly sizeBytes: number;
  /** Oldest chunks file that its series refer to. */
  readonly chunksFileOldest: number;
}

/** The first slice is so many times the smallest; then the size follows the measured time. */
const firstSliceFactor = 16;
const sliceSizeBytesMax = 1 << 20;
/** Bytes between two syncs: one sync of a large file would hold up those of the log. */
const syncStepSizeBytes = 8 << 20;

/**
 * Writes a snapshot while the shard goes on. It is fuzzy: each slice of series stands at the
 * log position at which it was taken, so that a restart knows which rows it already holds.
 * Undefined when the disk did not let it be finished; the log is whole without it.
 */
export async function takeSnapshot(source: SnapshotSource): Promise<SnapshotInfo | undefined> {
  const { vfs, directory, sequence } = source;
  const path = `${directory}/${snapshotName(sequence)}`;
  const file = vfs.open(`${path}.tmp`, "create");
  let inPlace = false;
  try {
    const startPosition = source.position();
    const writer = new SnapshotWriter(file, source, startPosition);
    await writeSlices(source, writer);
    const chunksFile = await source.syncChunks();
    if (chunksFile === undefined || !(await source.syncLog())) return undefined;
    writer.add(sectionTypes.end, endBody(chunksFile, source.position()));
    await source.syncer.sync(file);
    vfs.rename(`${path}.tmp`, path);
    inPlace = true;
    await source.syncer.syncDirectory(directory);
    const { sizeBytes, chunksFileOldest } = writer;
    return { sequence, startPosition, sizeBytes, chunksFileOldest };
  } finally {
    file.close();
    if (!inPlace) vfs.remove(`${path}.tmp`);
  }
}

async function writeSlices(source: SnapshotSource, writer: SnapshotWriter): Promise<void> {
  const { kernel } = source;
  for (let from = 1; from !== 0; ) {
    const first = from;
    await writer.slice((sizeBytes) => {
      const { section, nextRef, chunksFileOldest } = kernel.exportSeries(first, sizeBytes);
      writer.add(sectionTypes.series, section, first);
      writer.chunksFileOldest = Math.min(writer.chunksFileOldest, chunksFileOldest);
      from = nextRef;
    });
  }
  for (let from = 1; from !== 0; ) {
    const first = from;
    await writer.slice((sizeBytes) => {
      const { section, nextId } = kernel.exportPairs(first, sizeBytes);
      writer.add(sectionTypes.pairs, section, first);
      from = nextId;
    });
  }
  writer.add(sectionTypes.records, joinRecords(source.records()));
}

class SnapshotWriter {
  readonly #file: VfsFile;
  readonly #source: SnapshotSource;
  #sliceSizeBytes: number;
  #unsyncedSizeBytes = 0;
  sizeBytes = snapshotHeaderSizeBytes;
  chunksFileOldest: number;

  constructor(file: VfsFile, source: SnapshotSource, startPosition: number) {
    this.#file = file;
    this.#source = source;
    const { shard, sequence } = source;
    this.chunksFileOldest = source.chunksFile();
    this.#sliceSizeBytes = firstSliceFactor * source.sliceSizeBytesMin;
    writeAll(file, encodeSnapshotHeader({ shard, sequence, startPosition }), 0);
  }

  add(type: SectionType, body: Uint8Array, first = 0): void {
    const position = this.#source.position();
    const header = encodeSectionHeader({ type, body, first, position });
    writeAll(this.#file, header, this.sizeBytes);
    writeAll(this.#file, body, this.sizeBytes + sectionHeaderSizeBytes);
    this.sizeBytes += sectionHeaderSizeBytes + body.length;
    this.#unsyncedSizeBytes += sectionHeaderSizeBytes + body.length;
  }

  /** Runs one slice, fits the size of the next to the time it took, and gives up the turn. */
  async slice(run: (sizeBytes: number) => void): Promise<void> {
    const { clock, sliceMsMax, sliceSizeBytesMin, syncer, onSlice, pause } = this.#source;
    const startMs = clock.monotonicMs();
    run(this.#sliceSizeBytes);
    const tookMs = clock.monotonicMs() - startMs;
    onSlice(tookMs);
    const next = tookMs > sliceMsMax / 2 ? this.#sliceSizeBytes / 2 : this.#sliceSizeBytes * 1.25;
    this.#sliceSizeBytes = Math.floor(
      Math.min(sliceSizeBytesMax, Math.max(sliceSizeBytesMin, next)),
    );
    if (this.#unsyncedSizeBytes >= syncStepSizeBytes) {
      this.#unsyncedSizeBytes = 0;
      await syncer.sync(this.#file);
    }
    await pause();
  }
}

function endBody(chunksFile: number, endPosition: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(endSizeBytes));
  view.setUint32(0, chunksFile, true);
  view.setFloat64(4, endPosition, true);
  return new Uint8Array(view.buffer);
}

function joinRecords(records: readonly LogRecord[]): Uint8Array {
  let sizeBytes = 0;
  for (const record of records) sizeBytes += recordHeaderSizeBytes + record.body.length;
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const record of records) at = writeRecord(bytes, at, record);
  assert(at === sizeBytes, "records of a snapshot have another size than they said");
  return bytes;
}
