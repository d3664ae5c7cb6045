import { expect, test } from "vitest";
import type { ShardKernel } from "../../../../server/kernel/index.ts";
import { crc32c } from "../../../../server/platform/encoding/index.ts";
import { silentLogger } from "../../../../server/platform/telemetry/index.ts";
import {
  ChunksFiles,
  type ChunkPlace,
  chunksFileNumber,
} from "../../../../server/shard/chunks/chunks-files.ts";
import { inlineSyncer } from "../../../../server/shard/log/syncer.ts";
import { createFaultyVfs } from "../../../support/faulty-vfs.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

/** A kernel that seals what the test tells it to, and lends its outbox in small pieces. */
class SealingKernel {
  readonly #waiting: number[] = [];
  #at = { file: 0, offsetBytes: 0 };

  seal(text: string): ChunkPlace {
    const bytes = new TextEncoder().encode(text);
    const place = { ...this.#at, sizeBytes: bytes.length };
    const crc = new Uint8Array(4);
    new DataView(crc.buffer).setUint32(0, crc32c(bytes), true);
    this.#waiting.push(...bytes, ...crc);
    this.#at.offsetBytes += bytes.length + 4;
    return place;
  }

  setChunksPosition(position: { file: number; offsetBytes: number }): void {
    expect(this.#waiting).toEqual([]);
    this.#at = { ...position };
  }

  outbox(): Uint8Array {
    return Uint8Array.from(this.#waiting.slice(0, 5));
  }

  outboxWritten(sizeBytes: number): void {
    this.#waiting.splice(0, sizeBytes);
  }
}

function world() {
  const vfs = createFaultyVfs();
  vfs.makeDirectory("/chunks");
  const clock = createManualClock();
  const kernel = new SealingKernel();
  const files = new ChunksFiles(kernel as unknown as ShardKernel, {
    vfs,
    clock,
    logger: silentLogger,
    directory: "/chunks",
    settings: { fileSizeBytesMax: 40, waitingSizeBytesMax: 30 },
    firstFile: 3,
  });
  return { vfs, clock, kernel, files };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test("sealed chunks are found where the kernel said, over several files", () => {
  const { vfs, kernel, files } = world();
  const places = ["first", "second", "third one", "fourth"].map((content) => {
    const place = kernel.seal(content);
    expect(files.drain()).toBe(true);
    return place;
  });
  expect(places.map((place) => text(files.read(place)))).toEqual([
    "first",
    "second",
    "third one",
    "fourth",
  ]);
  expect(places.every((place) => files.isInFile(place))).toBe(true);
  expect(vfs.list("/chunks").map(chunksFileNumber)).toEqual([3, 4]);
});

test("while the disk is full chunks are read from memory, in parts if need be", () => {
  const { vfs, clock, kernel, files } = world();
  const first = kernel.seal("first");
  files.drain();
  vfs.fault = ({ kind }) => (kind === "write" ? { error: "ENOSPC" } : undefined);
  const second = kernel.seal("the second chunk");
  expect(files.drain()).toBe(false);
  expect(files.isInFile(second)).toBe(false);
  expect(text(files.read(first))).toBe("first");
  expect(text(files.read(second))).toBe("the second chunk");
  expect(files.backlogged).toBe(false);
  kernel.seal("a third chunk");
  files.drain();
  expect(files.backlogged).toBe(true);
  vfs.fault = undefined;
  clock.advance(1000);
  expect(files.drain()).toBe(true);
  expect(files.backlogged).toBe(false);
  expect(files.isInFile(second)).toBe(true);
  expect(text(files.read(second))).toBe("the second chunk");
});

test("a flipped bit is found", () => {
  const { vfs, kernel, files } = world();
  const place = kernel.seal("content");
  files.drain();
  vfs.flipBit("/chunks/00000003.chunks", 8 * (place.offsetBytes + 2));
  expect(() => files.read(place)).toThrow(/crc32c/);
});

test("after a sync the files survive a loss of power", async () => {
  const { vfs, kernel, files } = world();
  for (let i = 0; i < 5; i++) {
    kernel.seal(`chunk number ${i}`);
    files.drain();
  }
  expect(await files.sync(inlineSyncer(vfs))).toBe(true);
  const after = vfs.afterPowerLoss();
  for (const name of vfs.list("/chunks")) {
    expect(after.contents(`/chunks/${name}`)).toEqual(vfs.contents(`/chunks/${name}`));
  }
  files.close();
});
