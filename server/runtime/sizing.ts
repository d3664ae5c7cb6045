/** What the machine offers. */
export interface Machine {
  readonly cores: number;
  readonly memorySizeBytes: number;
}

/** How many threads of each kind a process runs. */
export interface ThreadCounts {
  readonly shards: number;
  readonly queryThreads: number;
}

/**
 * Threads by the number of cores, where the configuration leaves it open (0): half of the
 * cores for shards, half for queries, at least one of each. The main thread and the log sync
 * need little; queries run at a lower priority than what takes samples in.
 */
export function threadCounts(
  wanted: { readonly shards: number; readonly workers: number },
  machine: Machine,
): ThreadCounts {
  const half = Math.max(1, Math.floor(machine.cores / 2));
  return {
    shards: wanted.shards === 0 ? half : wanted.shards,
    queryThreads: wanted.workers === 0 ? half : wanted.workers,
  };
}
