import type { MetricRegistry } from "../platform/telemetry/index.ts";
import type { Shard } from "../shard/index.ts";
import type { ExemplarStore } from "./exemplars.ts";

/** What the metrics of a shard are read from. */
export interface ShardParts {
  /** Name of the thread. */
  readonly thread: string;
  readonly shard: Shard;
  readonly exemplars: ExemplarStore;
}

/** Shows what a shard holds and how its restart went. */
export function addShardMetrics(registry: MetricRegistry, parts: ShardParts): void {
  const { shard, exemplars } = parts;
  const labels = { shard: parts.thread };
  const gauge = (name: string, help: string, value: () => number): void => {
    const made = registry.gauge({
      name,
      help,
      labelNames: ["shard"],
      collect: () => made.set(labels, value()),
    });
  };
  gauge("urd_shard_series", "Series in memory.", () => shard.totalStats().series);
  gauge("urd_shard_exemplars", "Exemplars in memory.", () => exemplars.size);
  gauge("urd_shard_label_pairs", "Label pairs in memory.", () => shard.totalStats().pairs);
  gauge("urd_shard_kernel_bytes", "Kernel memory in use.", () => shard.totalStats().sizeBytes);
  gauge("urd_shard_log_position_bytes", "Bytes ever written to the log.", () => shard.logPosition);
  gauge(
    "urd_shard_replay_seconds",
    "How long the last start took to bring the shard back.",
    () => shard.recovery.tookMs / 1000,
  );
  gauge("urd_shard_log_available", "1 while the log can be written.", () => Number(shard.isWell));
  const samples = registry.counter({
    name: "urd_shard_samples_appended_total",
    help: "Samples taken since the start of the shard.",
    labelNames: ["shard"],
    collect: () => {
      samples.reset();
      samples.inc(labels, shard.totalStats().samplesAppended);
    },
  });
}
