export {
  blocksDirectory,
  createBlockNames,
  makeTenantBlocks,
  removeUnfinishedBlocks,
  tenantBlocksDirectory,
} from "./block-folders.ts";
export { type BlockLease, type LocalBlocks, openLocalBlocks } from "./local-blocks.ts";
