import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openLocalBlocks } from "../../../server/blocks/index.ts";
import type { TenantId } from "../../../server/model/index.ts";
import { nodeVfs } from "../../../server/platform/vfs/index.ts";
import { selectSeries, writeBlock } from "../../../server/tsdb/index.ts";
import { blockSeries, blockStartMs, symbolsOf } from "../../support/block-samples.ts";

const tenant = "team-a" as TenantId;
const series = blockSeries(10, 60_000);
const hoursMs = 7_200_000;
let dir = "";

const write = async (name: string, offset: number): Promise<void> => {
  await writeBlock(nodeVfs, join(dir, tenant), {
    ulid: `01J0000000000000000000000${name}`,
    minTimeMs: blockStartMs + offset * hoursMs,
    maxTimeMs: blockStartMs + (offset + 1) * hoursMs,
    outOfOrder: false,
    symbols: symbolsOf(series),
    series,
  });
};

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "urd-blocks-"));
  nodeVfs.makeDirectory(join(dir, tenant));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("lends the blocks that overlap the range", async () => {
  await write("B", 1);
  await write("A", 0);
  const blocks = openLocalBlocks(nodeVfs, dir, { openMax: 1 });
  const acquire = (startMs: number, endMs: number) => {
    const lease = blocks.acquire(tenant, { startMs, endMs });
    const names = lease.blocks.map((block) => block.meta.ulid.at(-1));
    lease.release();
    return names;
  };
  expect(acquire(blockStartMs, blockStartMs + 1)).toEqual(["A"]);
  expect(acquire(blockStartMs + hoursMs, blockStartMs + hoursMs)).toEqual(["B"]);
  expect(acquire(0, Number.MAX_SAFE_INTEGER)).toEqual(["A", "B"]);
  expect(acquire(0, blockStartMs - 1)).toEqual([]);
  expect(blocks.acquire("other" as TenantId, { startMs: 0, endMs: 9e15 }).blocks).toEqual([]);
  blocks.close();
});

test("a block stays readable for the one who has it", async () => {
  await write("A", 0);
  await write("B", 1);
  const blocks = openLocalBlocks(nodeVfs, dir, { openMax: 1 });
  const lease = blocks.acquire(tenant, { startMs: blockStartMs, endMs: blockStartMs });
  blocks.acquire(tenant, { startMs: blockStartMs + hoursMs, endMs: 9e15 }).release();
  blocks.close();
  expect(selectSeries(lease.blocks[0]?.index as never, []).length).toBe(10);
  lease.release();
});

test("a broken block is named, the others are lent", async () => {
  await write("A", 0);
  await write("B", 1);
  truncateSync(join(dir, tenant, "01J0000000000000000000000A", "index"), 100);
  const blocks = openLocalBlocks(nodeVfs, dir, { openMax: 10 });
  const lease = blocks.acquire(tenant, { startMs: 0, endMs: 9e15 });
  expect(lease.blocks.map((block) => block.meta.ulid.at(-1))).toEqual(["B"]);
  expect(lease.faults.map((fault) => fault.file)).toEqual([
    join(dir, tenant, "01J0000000000000000000000A", "index"),
  ]);
  lease.release();
  blocks.close();
});
