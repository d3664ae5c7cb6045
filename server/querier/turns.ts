import type { Clock } from "../platform/base/index.ts";
import type { TurnTaker } from "../promql/index.ts";

/**
 * Divides one thread among its queries. A query works until its turn is over, then waits; when
 * the event loop comes round, input having been handled, the next turn goes to the tenant, and
 * within it to the query, that has used the thread least. A short query hence overtakes long
 * ones, and a tenant with one query has as much of the thread as one with fifty.
 */
export interface TurnScheduler {
  /** Enters a query; its `done` must be called when it ends. */
  enter(tenant: string): QueryTurns;
}

/** One query's share of the thread. */
export interface QueryTurns extends TurnTaker {
  /** Milliseconds of the thread that the query has used so far. */
  usedMs(): number;
  /** Leaves the scheduler. */
  done(): void;
}

interface Tenant {
  usedMs: number;
  queries: number;
}

interface Waiting {
  readonly query: { usedMs: number; readonly tenant: Tenant };
  readonly resume: () => void;
}

/** A scheduler whose turns last `turnMs`; one per thread. */
export function createTurnScheduler(clock: Clock, turnMs: number): TurnScheduler {
  return new Scheduler(clock, turnMs);
}

class Scheduler implements TurnScheduler {
  readonly #clock: Clock;
  readonly #turnMs: number;
  readonly #tenants = new Map<string, Tenant>();
  readonly #waiting: Waiting[] = [];
  #isPumping = false;
  /** Since when this round of the event loop works on queries; undefined before the first. */
  #roundStartedMs: number | undefined;
  /** Up to when the thread's time has been charged to somebody. */
  #chargedMs = 0;

  constructor(clock: Clock, turnMs: number) {
    this.#clock = clock;
    this.#turnMs = turnMs;
  }

  enter(name: string): QueryTurns {
    const tenant = this.#tenants.get(name) ?? { usedMs: this.#leastUsedMs(), queries: 0 };
    this.#tenants.set(name, tenant);
    tenant.queries++;
    const query = { usedMs: 0, tenant };
    let isDone = false;
    return {
      maybeYield: () => this.#maybeYield(query),
      usedMs: () => query.usedMs,
      done: () => {
        if (isDone) return;
        isDone = true;
        this.#charge(query, this.#clock.monotonicMs());
        if (--tenant.queries === 0) this.#tenants.delete(name);
      },
    };
  }

  #maybeYield(query: Waiting["query"]): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    if (this.#roundStartedMs === undefined) {
      this.#startRound(nowMs);
      return undefined;
    }
    this.#charge(query, nowMs);
    if (nowMs - this.#roundStartedMs < this.#turnMs) return undefined;
    return new Promise((resume) => {
      this.#waiting.push({ query, resume });
      this.#pumpSoon();
    });
  }

  /** What happens between a query's first question and the loop's next round is one round. */
  #startRound(nowMs: number): void {
    this.#roundStartedMs = nowMs;
    this.#chargedMs = nowMs;
    this.#pumpSoon();
  }

  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#roundStartedMs = undefined;
      this.#resumeNext();
    });
  }

  /** Lets the most deserving go on; it runs as soon as this callback has returned. */
  #resumeNext(): void {
    const next = this.#waiting.reduce<Waiting | undefined>(
      (best, one) => (best === undefined || deservesMore(one, best) ? one : best),
      undefined,
    );
    if (next === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#startRound(this.#clock.monotonicMs());
    next.resume();
  }

  #charge(query: Waiting["query"], nowMs: number): void {
    if (this.#roundStartedMs === undefined) return;
    const ms = Math.max(0, nowMs - this.#chargedMs);
    this.#chargedMs = nowMs;
    query.usedMs += ms;
    query.tenant.usedMs += ms;
  }

  /** A tenant that comes back starts level with the others: idleness is no credit. */
  #leastUsedMs(): number {
    let least = Infinity;
    for (const tenant of this.#tenants.values()) least = Math.min(least, tenant.usedMs);
    return least === Infinity ? 0 : least;
  }
}

function deservesMore(a: Waiting, b: Waiting): boolean {
  const tenants = a.query.tenant.usedMs - b.query.tenant.usedMs;
  return tenants === 0 ? a.query.usedMs < b.query.usedMs : tenants < 0;
}
