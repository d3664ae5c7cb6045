import type { Expr } from "../parser/index.ts";
import type { StepGrid } from "../plan/grid.ts";
import { countPresent } from "./presence.ts";
import type { RangeSource } from "./range-source.ts";
import { once } from "./scalars.ts";
import type { ScalarColumn, StepStream } from "./stream.ts";

/** What one operator gave, and what that cost with all its inputs. */
export interface OperatorCost {
  series: number;
  samples: number;
  /** Milliseconds that its readers waited for it. */
  wallMs: number;
  /** Milliseconds of the thread. */
  cpuMs: number;
}

/** Two clocks, ms. */
export interface ProfileClocks {
  readonly wallMs: () => number;
  /** The thread's time; the difference of two readings is what was used between them. */
  readonly cpuMs: () => number;
}

/** Measures the operators of one query, by the expressions that they evaluate. */
export class Profile {
  readonly #clocks: ProfileClocks;
  readonly #costs = new Map<Expr, OperatorCost>();

  constructor(clocks: ProfileClocks) {
    this.#clocks = clocks;
  }

  /** What an expression's operator cost; undefined when it has none of its own. */
  costOf(expr: Expr): Readonly<OperatorCost> | undefined {
    return this.#costs.get(expr);
  }

  /** The same stream, measured. */
  vector(expr: Expr, stream: StepStream): StepStream {
    const cost = this.#cost(expr);
    return {
      metricName: stream.metricName,
      batches: () =>
        this.#measured(stream.batches(), cost, ({ series }) => {
          cost.series += series.length;
          for (const { present } of series) cost.samples += countPresent(present);
        }),
    };
  }

  /** The same range vector, measured. */
  range(expr: Expr, source: RangeSource): RangeSource {
    const cost = this.#cost(expr);
    return {
      ...source,
      batches: () =>
        this.#measured(source.batches(), cost, ({ series }) => {
          cost.series += series.length;
          for (const { from, to } of series) cost.samples += to - from;
        }),
    };
  }

  /** The same scalar, measured. */
  scalar(expr: Expr, column: ScalarColumn, grid: StepGrid): ScalarColumn {
    const cost = this.#cost(expr);
    return once(async () => {
      const stop = this.#start(cost);
      try {
        return await column();
      } finally {
        stop();
        cost.series = 1;
        cost.samples = grid.count;
      }
    });
  }

  #cost(expr: Expr): OperatorCost {
    const known = this.#costs.get(expr);
    if (known !== undefined) return known;
    const made = { series: 0, samples: 0, wallMs: 0, cpuMs: 0 };
    this.#costs.set(expr, made);
    return made;
  }

  #start(cost: OperatorCost): () => void {
    const { wallMs, cpuMs } = this.#clocks;
    const [wallStart, cpuStart] = [wallMs(), cpuMs()];
    return () => {
      cost.wallMs += wallMs() - wallStart;
      cost.cpuMs += cpuMs() - cpuStart;
    };
  }

  async *#measured<T>(
    batches: AsyncIterable<T>,
    cost: OperatorCost,
    count: (batch: T) => void,
  ): AsyncGenerator<T> {
    const iterator = batches[Symbol.asyncIterator]();
    try {
      for (;;) {
        const stop = this.#start(cost);
        const next = await iterator.next().finally(stop);
        if (next.done === true) return;
        count(next.value);
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
