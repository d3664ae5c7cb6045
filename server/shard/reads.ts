import type { Clock } from "../platform/base/index.ts";
import { urdError } from "../model/index.ts";

/** One read under way. */
export interface ShardRead {
  /** Throws query-incomplete when samples were dropped that the read may have missed. */
  check(): void;
  end(): void;
}

interface Running {
  isOvertaken: boolean;
  readonly ended: Promise<void>;
}

/**
 * The reads of a shard that are under way. Samples are dropped only when nobody who began before
 * reads any more; a read that takes too long is overtaken and fails, it is never silently short.
 */
export class ShardReads {
  readonly #clock: Clock;
  readonly #running = new Set<Running>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Enters a read; `end` must be called when it is over. */
  begin(): ShardRead {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const running: Running = { isOvertaken: false, ended };
    this.#running.add(running);
    return {
      check() {
        if (running.isOvertaken) throw overtaken();
      },
      end: () => {
        this.#running.delete(running);
        end();
      },
    };
  }

  /** Resolves when all reads that have begun are over, or overtaken after `waitMsMax`. */
  async settled(waitMsMax: number): Promise<void> {
    const reads = [...this.#running];
    if (reads.length === 0) return;
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      const timer = this.#clock.after(waitMsMax, resolve);
      cancel = () => timer.cancel();
    });
    await Promise.race([Promise.all(reads.map((read) => read.ended)), late]);
    cancel();
    for (const read of reads) read.isOvertaken = true;
  }
}

function overtaken(): Error {
  return urdError(
    "query-incomplete",
    "The query took so long that samples it reads were moved into blocks meanwhile; send it again.",
  );
}
