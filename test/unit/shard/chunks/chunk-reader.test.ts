import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CorruptionError } from "../../../../server/platform/base/index.ts";
import { crc32c } from "../../../../server/platform/encoding/index.ts";
import { nodeVfs } from "../../../../server/platform/vfs/index.ts";
import {
  type ChunkReader,
  createChunkReader,
} from "../../../../server/shard/chunks/chunk-reader.ts";

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "urd-chunks-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

const pathOf = (shard: number, file: number): string => join(directory, `${shard}-${file}`);

function open(cacheSizeBytesMax = 1 << 20): ChunkReader {
  return createChunkReader({ vfs: nodeVfs, pathOf, cacheSizeBytesMax });
}

/** Chunks with their checksums one behind the other, after `before` bytes. */
function fileOf(chunks: readonly Uint8Array[], before = 8): { bytes: Buffer; offsets: number[] } {
  const parts: Uint8Array[] = [Buffer.alloc(before)];
  const offsets: number[] = [];
  let at = before;
  for (const chunk of chunks) {
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32LE(crc32c(chunk));
    offsets.push(at);
    parts.push(chunk, checksum);
    at += chunk.length + 4;
  }
  return { bytes: Buffer.concat(parts), offsets };
}

const filled = (size: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff);

test("every chunk of a large file comes back, those across pages too", () => {
  const chunks = Array.from({ length: 400 }, (_, i) => filled(100 + ((i * 977) % 900), i));
  chunks.push(filled(200_000, 7));
  const { bytes, offsets } = fileOf(chunks);
  writeFileSync(pathOf(0, 1), bytes);
  const reader = open(128 * 1024);
  for (const round of [0, 1]) {
    chunks.forEach((chunk, i) => {
      const sizeBytes = chunk.length;
      const offsetBytes = offsets[i] as number;
      const read = reader.read({ shard: 0, file: 1, offsetBytes, sizeBytes });
      expect(Buffer.compare(read, chunk), `chunk ${i} in round ${round}`).toBe(0);
    });
  }
  reader.close();
});

test("what a file grows by is seen", () => {
  const chunks = [filled(50, 1), filled(60, 2)];
  const { bytes, offsets } = fileOf(chunks);
  writeFileSync(pathOf(3, 2), bytes.subarray(0, offsets[1]));
  const reader = open();
  const at = (i: number): Parameters<ChunkReader["read"]>[0] => ({
    shard: 3,
    file: 2,
    offsetBytes: offsets[i] as number,
    sizeBytes: (chunks[i] as Uint8Array).length,
  });
  expect(reader.read(at(0))).toEqual(chunks[0]);
  expect(() => reader.read(at(1))).toThrow(/ends before the chunk/);
  writeFileSync(pathOf(3, 2), bytes);
  expect(reader.read(at(1))).toEqual(chunks[1]);
  reader.close();
});

test("a flipped bit is told with file and offset", () => {
  const { bytes, offsets } = fileOf([filled(50, 1), filled(60, 2)]);
  const offsetBytes = offsets[1] as number;
  bytes[offsetBytes + 5] = (bytes[offsetBytes + 5] as number) ^ 1;
  writeFileSync(pathOf(0, 9), bytes);
  const reader = open();
  const read = (): Uint8Array => reader.read({ shard: 0, file: 9, offsetBytes, sizeBytes: 60 });
  expect(read).toThrow(CorruptionError);
  expect(read).toThrow(`${pathOf(0, 9)} at byte ${offsetBytes}: crc32c`);
  reader.close();
});

test("a file that is not there, and a chunk of impossible size, are corruption too", () => {
  const reader = open();
  const location = { shard: 0, file: 77, offsetBytes: 8, sizeBytes: 10 };
  expect(() => reader.read(location)).toThrow(CorruptionError);
  expect(() => reader.read({ ...location, sizeBytes: 3e9 })).toThrow(/too long/);
});
