import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CorruptionError } from "../../../../server/platform/base/index.ts";
import { nodeVfs } from "../../../../server/platform/vfs/index.ts";
import { openBlock, writeBlock } from "../../../../server/tsdb/index.ts";
import { blockSeries, blockStartMs, symbolsOf } from "../../../support/block-samples.ts";

const ulid = "01J00000000000000000000000";
const series = blockSeries(250, 30_000);
let dir = "";

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "urd-block-"));
  await writeBlock(nodeVfs, dir, {
    ulid,
    minTimeMs: blockStartMs,
    maxTimeMs: blockStartMs + 7_200_000,
    outOfOrder: false,
    symbols: symbolsOf(series),
    series,
  });
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("a block", () => {
  test("gives back what was written", () => {
    const block = openBlock(nodeVfs, join(dir, ulid));
    expect(block.meta).toMatchObject({ ulid, series: 250, samples: 250 * 240, chunks: 500 });
    const refs = block.index.allPostings();
    expect(refs.length).toBe(250);
    for (const [position, ref] of refs.entries()) {
      const found = block.index.series(ref);
      expect(found.labels).toEqual(series[position]?.labels);
      expect(found.chunks.map(({ ref: chunk }) => block.chunk(chunk).bytes)).toEqual(
        series[position]?.chunks.map(({ bytes }) => bytes),
      );
    }
    block.close();
  });

  test("finds series by label", () => {
    const { index, close } = openBlock(nodeVfs, join(dir, ulid));
    expect(index.labelNames()).toContain("__name__");
    expect(index.labelValues("le")).toContain("+Inf");
    const up = index.postings("__name__", "up");
    expect([...up].map((ref) => index.series(ref).labels[1])).toEqual(["up", "up"]);
    expect(index.postings("__name__", "nothing")).toEqual(new Uint32Array(0));
    close();
  });

  test.each(["index", "chunks/000001"])("says where a flipped byte of %s is", (name) => {
    const path = join(dir, ulid, name);
    const whole = readFileSync(path);
    let caught = 0;
    for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 97)) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] as number) ^ 0x10;
      writeFileSync(path, broken);
      const fault = readAll(join(dir, ulid));
      if (fault === undefined) continue;
      expect(fault).toBeInstanceOf(CorruptionError);
      expect((fault as CorruptionError).file).toContain(join(dir, ulid));
      caught++;
    }
    // A few bytes are padding or belong to the label indices that nobody reads.
    expect(caught).toBeGreaterThan(85);
  });

  test("a block that was cut short is corrupt, not empty", () => {
    const path = join(dir, ulid, "index");
    const whole = readFileSync(path);
    for (const size of [0, 4, 51, 52, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, size));
      expect(readAll(join(dir, ulid))).toBeInstanceOf(CorruptionError);
    }
  });
});

/** Reads everything and returns the error that stops it. */
function readAll(directory: string): unknown {
  try {
    const block = openBlock(nodeVfs, directory);
    for (const name of block.index.labelNames()) {
      for (const value of block.index.labelValues(name)) block.index.postings(name, value);
    }
    for (const ref of block.index.allPostings()) {
      for (const chunk of block.index.series(ref).chunks) block.chunk(chunk.ref);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
