export type {
  ChunksPosition,
  FrontKernel,
  HeadChunk,
  HeadSeries,
  HistogramMessage,
  KernelMemory,
  KernelStats,
  PairBytes,
  PairCondition,
  PairId,
  PayloadCounts,
  PayloadFault,
  PayloadFormat,
  Refusal,
  RefusalKind,
  Region,
  Resolution,
  SeriesRef,
  SeriesVisit,
  ShardKernel,
  TenantIndex,
  TenantRules,
} from "./face.ts";
export { createFrontKernel, type FrontKernelOptions } from "./front-kernel.ts";
export { createShardKernel, type ShardKernelOptions } from "./shard-kernel.ts";
export { compileKernel, type KernelModule, type KernelSource } from "./wasm.ts";
