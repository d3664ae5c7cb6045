import { LRUCache } from "lru-cache";
import type { TenantId } from "../model/index.ts";
import { CorruptionError, errorText } from "../platform/base/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import { type Block, type BlockMeta, openBlock, readBlockMeta } from "../tsdb/index.ts";

/** Blocks lent to one reader. */
export interface BlockLease {
  /** Blocks that overlap the range, oldest first. */
  readonly blocks: readonly Block[];
  /** Blocks that overlap the range, or might, and cannot be read. */
  readonly faults: readonly CorruptionError[];
  /** Gives the blocks back; call once. */
  release(): void;
}

/** The blocks of a data directory: `<directory>/<tenant>/<ulid>`. */
export interface LocalBlocks {
  /** Opens the blocks of a tenant that hold samples in [startMs, endMs]. Never throws for a bad block. */
  acquire(tenant: TenantId, range: { startMs: number; endMs: number }): BlockLease;
  /** What the tenant's readable blocks say of themselves, oldest first. */
  metas(tenant: TenantId): readonly BlockMeta[];
  /** Closes all files. */
  close(): void;
}

const ulidPattern = /^[0-9A-HJKMNP-TV-Z]{26}$/;

interface Shared {
  readonly block: Block;
  readers: number;
  /** True when nobody new gets it: the last reader closes it. */
  retired: boolean;
}

/**
 * Opens the local blocks below `directory`. At most `openMax` blocks stay open when nobody
 * reads them; a block in use is never closed under its reader.
 */
export function openLocalBlocks(
  vfs: Vfs,
  directory: string,
  options: { readonly openMax: number },
): LocalBlocks {
  const metas = new LRUCache<string, BlockMeta>({ max: 10_000 });
  const open = new LRUCache<string, Shared>({
    max: options.openMax,
    dispose: (shared) => {
      shared.retired = true;
      if (shared.readers === 0) shared.block.close();
    },
  });
  const metaOf = (path: string): BlockMeta | undefined => {
    const known = metas.get(path) ?? readBlockMeta(vfs, path);
    if (known !== undefined) metas.set(path, known);
    return known;
  };
  const list = (tenant: TenantId): string[] =>
    vfs
      .list(`${directory}/${tenant}`)
      .filter((name) => ulidPattern.test(name))
      .map((name) => `${directory}/${tenant}/${name}`);
  const borrow = (path: string): Shared => {
    const known = open.get(path) ?? { block: openBlock(vfs, path), readers: 0, retired: false };
    known.readers++;
    open.set(path, known);
    return known;
  };
  return {
    acquire(tenant, { startMs, endMs }) {
      const lent: Shared[] = [];
      const faults: CorruptionError[] = [];
      for (const path of list(tenant)) {
        try {
          const meta = metaOf(path);
          if (meta === undefined || meta.minTimeMs > endMs || meta.maxTimeMs <= startMs) continue;
          lent.push(borrow(path));
        } catch (error) {
          faults.push(asCorruption(path, error));
        }
      }
      lent.sort((a, b) => a.block.meta.minTimeMs - b.block.meta.minTimeMs);
      return { blocks: lent.map(({ block }) => block), faults, release: () => release(lent) };
    },
    metas(tenant) {
      const found: BlockMeta[] = [];
      for (const path of list(tenant)) {
        try {
          const meta = metaOf(path);
          if (meta !== undefined) found.push(meta);
        } catch {
          // A block that cannot be read is named by whoever needs its range.
        }
      }
      return found.sort((a, b) => a.minTimeMs - b.minTimeMs);
    },
    close: () => open.clear(),
  };
}

function release(lent: readonly Shared[]): void {
  for (const shared of lent) {
    shared.readers--;
    if (shared.retired && shared.readers === 0) shared.block.close();
  }
}

function asCorruption(path: string, error: unknown): CorruptionError {
  if (error instanceof CorruptionError) return error;
  return new CorruptionError({ file: path, offsetBytes: 0 }, errorText(error), error);
}
