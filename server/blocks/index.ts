export {
  blocksDirectory,
  createBlockNames,
  makeTenantBlocks,
  removeUnfinishedBlocks,
} from "./block-folders.ts";
export { type BlockLease, type LocalBlocks, openLocalBlocks } from "./local-blocks.ts";
