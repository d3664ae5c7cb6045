import { monotonicFactory } from "ulid";
import type { TenantId } from "../model/index.ts";
import type { Clock, Prng } from "../platform/base/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";

/** Where the local blocks of a data directory lie, each tenant's in a folder of its own. */
export function blocksDirectory(dataDir: string): string {
  return `${dataDir}/blocks`;
}

/** Where a tenant's local blocks lie. */
export function tenantBlocksDirectory(dataDir: string, tenant: TenantId): string {
  return `${blocksDirectory(dataDir)}/${tenant}`;
}

/** Makes a tenant's folder, which then survives a loss of power. */
export function makeTenantBlocks(vfs: Vfs, dataDir: string, tenant: TenantId): string {
  const directory = tenantBlocksDirectory(dataDir, tenant);
  if (!vfs.exists(directory)) {
    vfs.makeDirectory(directory);
    vfs.syncDirectory(blocksDirectory(dataDir));
    vfs.syncDirectory(dataDir);
  }
  return directory;
}

/** Removes what a crash left of blocks that were being written. Only before anybody writes. */
export function removeUnfinishedBlocks(vfs: Vfs, dataDir: string): void {
  const directory = blocksDirectory(dataDir);
  for (const tenant of vfs.list(directory)) {
    for (const name of vfs.list(`${directory}/${tenant}`)) {
      if (name.endsWith(".tmp")) vfs.removeTree(`${directory}/${tenant}/${name}`);
    }
  }
}

/** Makes names of blocks: ULIDs that ascend, whatever the clock does. */
export function createBlockNames(clock: Clock, prng: Prng): () => string {
  const next = monotonicFactory(() => prng.next());
  return () => next(clock.nowMs());
}
