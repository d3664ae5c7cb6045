import type { QueryOptions } from "../../gen/urd/query/v1/query_pb.ts";
import type { Limits, TenantLimits } from "../limits/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { ActiveQueries, ActiveQuery } from "./active-queries.ts";
import { type QueryDeadline, startDeadline } from "./deadline.ts";
import { createQueryAccount, type QueryAccount } from "./query-account.ts";
import type { QueryTurns, TurnScheduler } from "./turns.ts";

/** What a query is entered into. */
export interface WorkPlaces {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly turns: TurnScheduler;
  readonly active: ActiveQueries;
  /** The longest a query may take. */
  readonly timeoutMs: number;
}

/** What is known of a query before it begins. */
export interface WorkHead extends Pick<ActiveQuery, "tenant" | "text" | "times"> {
  readonly options: QueryOptions | undefined;
  /** Aborts when the caller leaves. */
  readonly caller: AbortSignal;
}

/** A query at work. */
export interface QueryWork {
  readonly limits: TenantLimits;
  readonly turn: QueryTurns;
  readonly account: QueryAccount;
  readonly deadline: QueryDeadline;
  /** Milliseconds since it began, waiting included. */
  elapsedMs(): number;
  /** Leaves everything that it was entered into; to be called in any case. */
  end(): void;
}

/**
 * Begins a query: takes its place on the list and its share of the thread, and starts its
 * deadline. Throws query-queue-full when there is no place.
 */
export function beginWork(places: WorkPlaces, head: WorkHead): QueryWork {
  const { clock, turns } = places;
  const { tenant, text, times } = head;
  const limits = places.limits.limitsFor(tenant);
  const account = createQueryAccount(limits);
  const startedMs = clock.monotonicMs();
  const turn = turns.enter(tenant);
  const timeoutMs = timeoutOf(head.options, places.timeoutMs);
  const deadline = startDeadline({ clock, timeoutMs, caller: head.caller });
  const leave = (): void => {
    deadline.end();
    turn.done();
  };
  const active = orLeave(leave, () =>
    places.active.enter({
      ...{ tenant, text, times, startedMs: clock.nowMs() },
      progress: () => ({ usedMs: turn.usedMs(), samples: account.samples }),
      cancel: () => deadline.cancel(),
    }),
  );
  return {
    ...{ limits, account, turn, deadline },
    elapsedMs: () => clock.monotonicMs() - startedMs,
    end() {
      leave();
      places.active.leave(active);
    },
  };
}

function orLeave<T>(leave: () => void, enter: () => T): T {
  try {
    return enter();
  } catch (error) {
    leave();
    throw error;
  }
}

function timeoutOf(options: QueryOptions | undefined, timeoutMsMax: number): number {
  const wanted = Number(options?.timeoutMs ?? 0n);
  return wanted > 0 ? Math.min(wanted, timeoutMsMax) : timeoutMsMax;
}
