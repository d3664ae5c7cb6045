export { type BlockLease, type LocalBlocks, openLocalBlocks } from "./local-blocks.ts";
