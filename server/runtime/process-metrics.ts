import {
  type JoinedMetrics,
  joinSnapshots,
  type MetricRegistry,
  type MetricSnapshot,
} from "../platform/telemetry/index.ts";

/** Threads that can be asked for their metrics. */
export interface MetricThreads {
  snapshots(timeoutMs: number): Promise<readonly MetricSnapshot[]>;
}

/** A thread's turn is at most a few ms; one that takes longer than this is not waited for. */
const threadAnswerMs = 1000;

/** The metrics of the main thread and of all groups of threads as one. */
export async function joinProcessMetrics(
  main: MetricRegistry,
  groups: readonly MetricThreads[],
): Promise<JoinedMetrics> {
  const [own, ...others] = await Promise.all([
    main.snapshot(),
    ...groups.map((group) => group.snapshots(threadAnswerMs)),
  ]);
  return joinSnapshots([own, ...others.flat()]);
}
