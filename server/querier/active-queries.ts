import { urdError } from "../model/index.ts";

/** A query at work, for status pages and logs. */
export interface ActiveQuery {
  readonly id: number;
  readonly tenant: string;
  readonly text: string;
  /** Wall clock, ms. */
  readonly startedMs: number;
}

/** The queries at work in one thread; bounded. */
export interface ActiveQueries {
  /** Enters a query. Throws query-queue-full when there are too many; call `leave` otherwise. */
  enter(query: Omit<ActiveQuery, "id">): ActiveQuery;
  leave(query: ActiveQuery): void;
  /** Oldest first. */
  list(): readonly ActiveQuery[];
}

/** At most `queriesMax` at once. */
export function createActiveQueries(queriesMax: number): ActiveQueries {
  const active = new Map<number, ActiveQuery>();
  let lastId = 0;
  return {
    enter(query) {
      if (active.size >= queriesMax) {
        const text = `${queriesMax} queries are at work, as many as a query thread takes.`;
        throw urdError("query-queue-full", text, { limit: queriesMax, retryAfterMs: 1000 });
      }
      const entered = { ...query, id: ++lastId };
      active.set(entered.id, entered);
      return entered;
    },
    leave(query) {
      active.delete(query.id);
    },
    list: () => [...active.values()],
  };
}
