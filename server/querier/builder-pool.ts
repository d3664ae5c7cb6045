import type { ChunkReader } from "../shard/index.ts";
import { type BatchBuilder, createBatchBuilder } from "./batch-builder.ts";

/** Batch builders to use again: their columns are large, and fresh ones cost page faults. */
export interface BuilderPool {
  lend(): BatchBuilder;
  /** The builder's batches must not be used any more. */
  giveBack(builder: BatchBuilder): void;
}

/** Builders kept while nobody needs them; a query has one per selector at work. */
const idleMax = 8;
/** 16 MiB of columns; a builder that one very long series has blown up is not kept. */
const idleSamplesMax = 1 << 20;

/** An empty pool; builders read located chunks through `chunks`. */
export function createBuilderPool(chunks: ChunkReader | undefined): BuilderPool {
  const idle: BatchBuilder[] = [];
  return {
    lend: () => idle.pop() ?? createBatchBuilder(chunks),
    giveBack(builder) {
      builder.reset();
      if (idle.length < idleMax && builder.capacity() <= idleSamplesMax) idle.push(builder);
    },
  };
}
