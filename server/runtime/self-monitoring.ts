import { create, toBinary } from "@bufbuild/protobuf";
import {
  MetricMetadata_MetricType as MetricType,
  WriteRequestSchema,
} from "../../gen/prometheus/remote_pb.ts";
import { type Clock, errorText, type Timer } from "../platform/base/index.ts";
import type { Logger, MetricFamily } from "../platform/telemetry/index.ts";

/** Whose metrics they are: labels that a scraper would add. */
export interface SelfTarget {
  readonly job: string;
  /** host:port of the public port. */
  readonly instance: string;
}

const metricTypes: Readonly<Record<MetricFamily["type"], MetricType>> = {
  counter: MetricType.COUNTER,
  gauge: MetricType.GAUGE,
  histogram: MetricType.HISTOGRAM,
  summary: MetricType.SUMMARY,
};

/** The metrics as the bytes of a `prometheus.WriteRequest`, labels sorted, all of one time. */
export function selfWriteRequest(
  families: readonly MetricFamily[],
  at: { readonly target: SelfTarget; readonly timeMs: number },
): Uint8Array {
  const timestamp = BigInt(at.timeMs);
  const request = create(WriteRequestSchema, {
    timeseries: families.flatMap((family) =>
      family.rows.map((row) => ({
        labels: sortedLabels({ ...at.target, ...row.labels, __name__: row.name }),
        samples: [{ value: row.value, timestamp }],
      })),
    ),
    metadata: families.map((family) => ({
      type: metricTypes[family.type],
      metricFamilyName: family.name,
      help: family.help,
    })),
  });
  return toBinary(WriteRequestSchema, request);
}

function sortedLabels(labels: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(labels)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What writing one's own metrics needs. */
export interface SelfMonitoringOptions {
  readonly target: SelfTarget;
  readonly intervalMs: number;
  readonly families: () => Promise<readonly MetricFamily[]>;
  /** Stores a `prometheus.WriteRequest`; rejects with why it did not. */
  readonly push: (request: Uint8Array) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Writes the process's own metrics into itself, from the start on, so that the first query has data. */
export class SelfMonitoring {
  readonly #options: SelfMonitoringOptions;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;

  constructor(options: SelfMonitoringOptions) {
    this.#options = options;
  }

  /** Resolves when the first samples are written, or could not be. */
  async start(): Promise<void> {
    this.#timer = this.#options.clock.every(this.#options.intervalMs, () => void this.#write());
    await this.#write();
  }

  /** Resolves when no write is under way any more. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#writing;
  }

  /** A write that takes longer than the interval is not overtaken by the next. */
  #write(): Promise<void> {
    this.#writing ??= this.#writeOnce().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeOnce(): Promise<void> {
    const { target, families, push, clock, logger } = this.#options;
    try {
      await push(selfWriteRequest(await families(), { target, timeMs: clock.nowMs() }));
    } catch (error) {
      logger.warn("own metrics were not written", { fault: errorText(error) });
    }
  }
}
