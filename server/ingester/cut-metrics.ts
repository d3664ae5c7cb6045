import type { Clock } from "../platform/base/index.ts";
import { durationBucketsSeconds, type MetricRegistry } from "../platform/telemetry/index.ts";
import type { BlockMeta } from "../tsdb/index.ts";

/** Counts blocks that are cut out of heads. */
export interface CutMetrics {
  /** A cut begins; call what it returns when it succeeded. */
  start(): (meta: BlockMeta | undefined) => void;
  /** A cut failed and will be tried again. */
  failed(): void;
}

/** Registers the metrics. */
export function createCutMetrics(registry: MetricRegistry, clock: Clock): CutMetrics {
  const blocks = registry.counter({
    name: "urd_head_blocks_cut_total",
    help: "Blocks cut out of the samples in memory.",
  });
  const samples = registry.counter({
    name: "urd_head_samples_cut_total",
    help: "Samples that went from memory into blocks.",
  });
  const failures = registry.counter({
    name: "urd_head_cut_failures_total",
    help: "Blocks that could not be cut, most often because the disk is full; they are tried again.",
  });
  const durations = registry.histogram({
    name: "urd_head_cut_duration_seconds",
    help: "Time from sealing to truncation of one block.",
    buckets: durationBucketsSeconds,
  });
  return {
    start() {
      const startMs = clock.monotonicMs();
      return (meta) => {
        durations.observe((clock.monotonicMs() - startMs) / 1000);
        if (meta === undefined) return;
        blocks.inc();
        samples.inc(meta.samples);
      };
    },
    failed: () => failures.inc(),
  };
}
