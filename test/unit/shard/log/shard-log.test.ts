import { describe, expect, test } from "vitest";
import { silentLogger } from "../../../../server/platform/telemetry/index.ts";
import { type LogDamage, readLog } from "../../../../server/shard/log/log-reader.ts";
import { recordHeaderSizeBytes, recordTypes } from "../../../../server/shard/log/record.ts";
import { segmentHeaderSizeBytes } from "../../../../server/shard/log/segment.ts";
import { ShardLog, type ShardLogSettings } from "../../../../server/shard/log/shard-log.ts";
import { inlineSyncer } from "../../../../server/shard/log/syncer.ts";
import {
  createFaultyVfs,
  type Fault,
  type FaultyVfs,
  type VfsOperation,
} from "../../../support/faulty-vfs.ts";
import { createManualClock } from "../../../support/manual-clock.ts";

const directory = "/log";
const settings: ShardLogSettings = {
  syncMode: "interval",
  syncIntervalMs: 100,
  segmentSizeBytesMax: 200,
  unsyncedSizeBytesMax: 1 << 20,
  retryIntervalMs: 200,
};

const body = (text: string): Uint8Array => new TextEncoder().encode(text);
const batch = (text: string) => ({ type: recordTypes.batch, body: body(text) });
const ticks = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

interface Reading {
  readonly texts: string[];
  readonly damage: LogDamage[];
  readonly position: number;
  readonly segments: readonly { sequence: number; startPosition: number }[];
}

async function read(vfs: FaultyVfs, fromPosition = 0): Promise<Reading> {
  const texts: string[] = [];
  const damage: LogDamage[] = [];
  const contents = await readLog(
    { vfs, directory, fromPosition },
    {
      record: (record) => texts.push(new TextDecoder().decode(record.body)),
      damage: (found) => damage.push(found),
    },
  );
  return { texts, damage, ...contents };
}

async function open(vfs: FaultyVfs, change: Partial<ShardLogSettings> = {}) {
  vfs.makeDirectory(directory);
  const clock = createManualClock();
  const { segments, position } = await read(vfs);
  const log = new ShardLog({
    vfs,
    syncer: inlineSyncer(vfs),
    clock,
    logger: silentLogger,
    directory,
    shard: 0,
    settings: { ...settings, ...change },
    segments,
    position,
  });
  return { log, clock };
}

const failOnce = (vfs: FaultyVfs, kind: VfsOperation["kind"], fault: Fault): void => {
  vfs.fault = (operation) => {
    if (operation.kind !== kind) return undefined;
    vfs.fault = undefined;
    return fault;
  };
};

describe("what is appended is read", () => {
  test("over segments and restarts", async () => {
    const vfs = createFaultyVfs();
    const expected: string[] = [];
    for (let run = 0; run < 3; run++) {
      const { log } = await open(vfs);
      for (let i = 0; i < 10; i++) {
        expected.push(`run ${run} record ${i}`);
        expect(log.append([batch(`run ${run} record ${i}`)])).toBe(true);
      }
      await log.close();
    }
    const { texts, damage } = await read(vfs);
    expect(texts).toEqual(expected);
    expect(damage).toEqual([]);
    expect(vfs.list(directory).length).toBeGreaterThan(4);
  });

  test("records behind a position only, and segments before it can go", async () => {
    const vfs = createFaultyVfs();
    const { log } = await open(vfs);
    let middle = 0;
    for (let i = 0; i < 30; i++) {
      log.append([batch(`record ${i}`)]);
      if (i === 14) middle = log.position;
    }
    expect((await read(vfs, middle)).texts[0]).toBe("record 15");
    log.cutBefore(middle);
    const { texts, damage } = await read(vfs, middle);
    expect(texts).toHaveLength(15);
    expect(damage).toEqual([]);
    expect((await read(vfs)).damage).toHaveLength(1);
  });

  test("of a newer format is refused", async () => {
    const vfs = createFaultyVfs();
    const { log } = await open(vfs);
    log.append([batch("one")]);
    const file = vfs.open("/log/00000001.log", "update");
    const bytes = vfs.contents("/log/00000001.log");
    bytes[4] = 9;
    const { crc32 } = await import("node:zlib");
    new DataView(bytes.buffer).setUint32(28, crc32(bytes.subarray(0, 28)), true);
    file.write(bytes, 0);
    await expect(read(vfs)).rejects.toThrow(/format 9/);
  });
});

describe("a full or failing disk", () => {
  test.each<[string, Fault[]]>([
    ["an error", [{ error: "ENOSPC" }]],
    ["a short write, then an error", [{ shortBytes: 7 }, { error: "ENOSPC" }]],
  ])("%s: refused, cut back, and the next write counts", async (_, faults) => {
    const vfs = createFaultyVfs();
    const { log, clock } = await open(vfs);
    expect(log.append([batch("one")])).toBe(true);
    const queue = [...faults];
    vfs.fault = (operation) => (operation.kind === "write" ? queue.shift() : undefined);
    expect(log.append([batch("two")])).toBe(false);
    expect(log.isWell).toBe(false);
    expect(log.mayTry()).toBe(false);
    clock.advance(200);
    expect(log.mayTry()).toBe(true);
    expect(log.append([batch("three")])).toBe(true);
    expect(log.isWell).toBe(true);
    const { texts, damage } = await read(vfs);
    expect(texts).toEqual(["one", "three"]);
    expect(damage).toEqual([]);
  });

  test("a segment that cannot be cut back is left for a new one", async () => {
    const vfs = createFaultyVfs();
    const { log } = await open(vfs);
    log.append([batch("one")]);
    const queue: Fault[] = [{ shortBytes: 10 }, { error: "EIO" }];
    vfs.fault = ({ kind }) =>
      kind === "write" ? queue.shift() : kind === "truncate" ? { error: "EIO" } : undefined;
    expect(log.append([batch("two")])).toBe(false);
    expect(log.append([batch("three")])).toBe(true);
    const { texts, damage } = await read(vfs);
    expect(texts).toEqual(["one", "three"]);
    expect(damage).toEqual([]);
  });

  test("after a failed sync everything unsynced is written again before any append", async () => {
    const vfs = createFaultyVfs();
    const { log, clock } = await open(vfs, { segmentSizeBytesMax: 1 << 20 });
    log.append([batch("synced")]);
    await log.settled();
    log.append([batch("in doubt")]);
    vfs.fault = ({ kind }) => (kind === "sync" ? { error: "EIO" } : undefined);
    clock.advance(100);
    await ticks();
    expect(log.append([batch("refused")])).toBe(false);
    vfs.fault = undefined;
    clock.advance(200);
    expect(log.append([batch("after")])).toBe(true);
    // What the disk lost of the abandoned segment does not matter any more.
    vfs.flipBit("/log/00000001.log", 8 * (segmentHeaderSizeBytes + 6 + recordHeaderSizeBytes + 13));
    const { texts, damage } = await read(vfs);
    expect(texts).toEqual(["synced", "in doubt", "after"]);
    expect(damage).toEqual([]);
  });

  test("with sync always, what waits is acknowledged by the new segment, or refused", async () => {
    const vfs = createFaultyVfs();
    const { log, clock } = await open(vfs, { syncMode: "always" });
    log.append([batch("one")]);
    failOnce(vfs, "sync", { error: "EIO" });
    expect(await log.synced(log.position)).toBe(true);
    log.append([batch("two")]);
    vfs.fault = ({ kind }) => (kind === "sync" ? { error: "EIO" } : undefined);
    expect(await log.synced(log.position)).toBe(false);
    expect(log.append([])).toBe(false);
    vfs.fault = undefined;
    clock.advance(200);
    expect(log.append([])).toBe(true);
    expect((await read(vfs.afterPowerLoss())).texts).toEqual(["one", "two"]);
  });
});

describe("a crash at any step", () => {
  const script = async (vfs: FaultyVfs, acknowledged: string[]): Promise<void> => {
    const { log } = await open(vfs, { syncMode: "always", segmentSizeBytesMax: 120 });
    let syncs = 0;
    const inner = vfs.fault;
    vfs.fault = (operation) =>
      inner?.(operation) ??
      (operation.kind === "sync" && ++syncs % 4 === 0 ? { error: "EIO" } : undefined);
    for (let i = 0; i < 12; i++) {
      if (log.append([batch(`record ${i}`)]) && (await log.synced(log.position))) {
        acknowledged.push(`record ${i}`);
      }
    }
    await log.close();
  };

  test.each(["kill", "power"])("nothing acknowledged is lost (%s)", async (how) => {
    const dry = createFaultyVfs();
    await script(dry, []);
    for (let step = 1; step <= dry.operations; step++) {
      const vfs = createFaultyVfs();
      const acknowledged: string[] = [];
      vfs.fault = () => (vfs.operations === step ? { crash: true } : undefined);
      await script(vfs, acknowledged).catch(() => undefined);
      const after =
        how === "kill" ? vfs.afterKill() : vfs.afterPowerLoss((_, n) => Math.floor(n / 3));
      if (!after.exists(directory)) continue;
      const { texts, damage } = await read(after);
      expect(texts.slice(0, acknowledged.length), `step ${step}`).toEqual(acknowledged);
      expect(texts.length - acknowledged.length).toBeLessThanOrEqual(1);
      expect(damage.filter((found) => !found.torn)).toEqual([]);
    }
  });
});

describe("damage", () => {
  test("a flipped bit anywhere costs one record at most and is reported", async () => {
    const vfs = createFaultyVfs();
    const { log } = await open(vfs, { segmentSizeBytesMax: 1 << 20 });
    const all = Array.from({ length: 5 }, (_, i) => `record ${i}`);
    for (const text of all) log.append([batch(text)]);
    await log.close();
    const sizeBytes = vfs.contents("/log/00000001.log").length;
    for (let bit = 8 * segmentHeaderSizeBytes; bit < 8 * sizeBytes; bit += 5) {
      const after = vfs.afterKill();
      after.flipBit("/log/00000001.log", bit);
      const { texts, damage } = await read(after);
      expect(texts, `bit ${bit}`).toHaveLength(4);
      expect(damage, `bit ${bit}`).toHaveLength(1);
      expect(damage[0]?.torn, `bit ${bit}`).toBe(false);
    }
  });

  test("a damaged segment header costs nothing", async () => {
    const vfs = createFaultyVfs();
    const { log } = await open(vfs, { segmentSizeBytesMax: 60 });
    for (let i = 0; i < 6; i++) log.append([batch(`record ${i}`)]);
    vfs.flipBit("/log/00000002.log", 8 * 17);
    const { texts, damage } = await read(vfs);
    expect(texts).toHaveLength(6);
    expect(damage).toEqual([]);
  });

  test("the end of a cut-off write is torn, a missing segment is not", async () => {
    const vfs = createFaultyVfs();
    const { log } = await open(vfs, { segmentSizeBytesMax: 60 });
    for (let i = 0; i < 6; i++) log.append([batch(`record ${i}`)]);
    const torn = vfs.afterKill();
    const last = torn.list(directory).at(-1) as string;
    const file = torn.open(`/log/${last}`, "update");
    file.truncate(file.sizeBytes() - 3);
    expect((await read(torn)).damage.map((found) => found.torn)).toEqual([true]);
    const short = vfs.afterKill();
    short.remove("/log/00000002.log");
    expect((await read(short)).damage.map((found) => found.torn)).toEqual([false]);
  });
});
