import { readdirSync } from "node:fs";
import { monitorEventLoopDelay, PerformanceObserver, performance } from "node:perf_hooks";
import process from "node:process";
import type { MetricRegistry } from "./metrics.ts";

/** Bounds of histograms over short work: 0.1 ms to 10 s. */
export const durationBucketsSeconds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** How the process was made; labels of `urd_build_info`. */
export interface BuildInfo {
  readonly version: string;
  readonly revision: string;
}

/**
 * Metrics of the whole process, for the main thread only: CPU, memory and open files under the
 * names that every dashboard knows (`process_…`), and `urd_build_info`.
 */
export function addProcessMetrics(registry: MetricRegistry, build: BuildInfo): void {
  registry
    .gauge({
      name: "urd_build_info",
      help: "Always 1; the labels say what runs.",
      labelNames: ["version", "revision", "nodeversion"],
    })
    .set({ ...build, nodeversion: process.version }, 1);
  registry
    .gauge({ name: "process_start_time_seconds", help: "When the process began, Unix time." })
    .set(performance.timeOrigin / 1000);
  const cpu = registry.counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of all threads, user and system.",
    collect: () => {
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
    },
  });
  addMemory(registry);
}

function addMemory(registry: MetricRegistry): void {
  const resident = registry.gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process that is in RAM.",
    collect: () => resident.set(process.memoryUsage.rss()),
  });
  const files = registry.gauge({
    name: "process_open_fds",
    help: "Open file descriptors; only where /proc tells.",
    collect: () => {
      const open = openFileCount();
      if (open !== undefined) files.set(open);
    },
  });
}

function openFileCount(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return undefined;
  }
}

/** 10 ms: a delay below that hurts nobody, and a hundred wake-ups a second cost nothing. */
const delayResolutionMs = 10;

/**
 * Metrics of the calling thread: how long its event loop kept callbacks waiting since the last
 * collection, the share of time it was busy, and its CPU time.
 */
export function addThreadMetrics(registry: MetricRegistry, thread: string): void {
  const delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delay.enable();
  const delaySecondsAt = (percent: number): number =>
    delay.count === 0 ? 0 : Math.max(0, delay.percentile(percent) / 1e9 - delayResolutionMs / 1e3);
  const delaySeconds = registry.gauge(
    {
      name: "urd_thread_event_loop_delay_seconds",
      help: "Delay of the thread's event loop since the last collection.",
      labelNames: ["thread", "quantile"],
      collect: () => {
        for (const [quantile, percent] of quantiles) {
          delaySeconds.set({ thread, quantile }, delaySecondsAt(percent));
        }
        delay.reset();
      },
    },
    "max",
  );
  let last = performance.eventLoopUtilization();
  const busy = registry.gauge({
    name: "urd_thread_busy_ratio",
    help: "Share of time since the last collection in which the thread worked.",
    labelNames: ["thread"],
    collect: () => {
      const now = performance.eventLoopUtilization();
      busy.set({ thread }, performance.eventLoopUtilization(now, last).utilization);
      last = now;
    },
  });
  addThreadCpu(registry, thread);
  addHeap(registry, thread);
}

const quantiles: readonly (readonly [string, number])[] = [
  ["0.5", 50],
  ["0.99", 99],
  ["1", 100],
];

function addThreadCpu(registry: MetricRegistry, thread: string): void {
  const usage = (process as { threadCpuUsage?: () => { user: number; system: number } })
    .threadCpuUsage;
  if (usage === undefined) return;
  const seconds = registry.counter({
    name: "urd_thread_cpu_seconds_total",
    help: "CPU time of the thread.",
    labelNames: ["thread"],
    collect: () => {
      const { user, system } = usage.call(process);
      seconds.reset();
      seconds.inc({ thread }, (user + system) / 1e6);
    },
  });
}

function addHeap(registry: MetricRegistry, thread: string): void {
  const heap = registry.gauge({
    name: "urd_thread_heap_bytes",
    help: "JavaScript heap of the thread in use.",
    labelNames: ["thread"],
    collect: () => heap.set({ thread }, process.memoryUsage().heapUsed),
  });
  const collections = registry.histogram({
    name: "urd_thread_gc_seconds",
    help: "Pauses of the thread by garbage collection.",
    labelNames: ["thread"],
    buckets: durationBucketsSeconds,
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) collections.observe({ thread }, entry.duration / 1e3);
  });
  observer.observe({ entryTypes: ["gc"] });
}
