import type { MessagePort } from "node:worker_threads";
import { type Clock, sleep } from "../base/index.ts";
import type { MetricRegistry, MetricSnapshot } from "./metrics.ts";

interface Answer {
  readonly id: number;
  readonly snapshot: MetricSnapshot;
}

/** Answers every message on `port` with the registry's snapshot; the worker's half. */
export function answerMetrics(port: MessagePort, registry: MetricRegistry): void {
  port.on("message", (id: number) => {
    void registry.snapshot().then((snapshot) => {
      port.postMessage({ id, snapshot } satisfies Answer);
    });
  });
  port.unref();
}

/** A thread whose metrics can be asked for. */
export interface MetricSource {
  /** The thread's metrics, or nothing when it does not answer within `timeoutMs`. */
  snapshot(timeoutMs: number): Promise<MetricSnapshot>;
}

/** The asking half of `answerMetrics`. A busy or dead thread never holds a scrape up. */
export function metricsFrom(port: MessagePort, clock: Clock): MetricSource {
  const waiting = new Map<number, (snapshot: MetricSnapshot) => void>();
  let lastId = 0;
  port.on("message", (answer: Answer) => {
    waiting.get(answer.id)?.(answer.snapshot);
    waiting.delete(answer.id);
  });
  port.unref();
  return {
    snapshot: (timeoutMs) => {
      const id = ++lastId;
      const answered = new Promise<MetricSnapshot>((resolve) => waiting.set(id, resolve));
      port.postMessage(id);
      const late = sleep(clock, timeoutMs).then((): MetricSnapshot => {
        waiting.delete(id);
        return [];
      });
      return Promise.race([answered, late]);
    },
  };
}
