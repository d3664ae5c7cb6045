import { urdError } from "../model/index.ts";

/** A query at work, for status pages and logs. */
export interface ActiveQuery {
  /** Names the query in its process. */
  readonly id: string;
  readonly tenant: string;
  readonly text: string;
  /** Wall clock, ms. */
  readonly startedMs: number;
  /** The steps that it evaluates, ms; a step of 0: an instant query. */
  readonly times: { readonly startMs: number; readonly endMs: number; readonly stepMs: number };
  /** What it has used so far. */
  readonly progress: () => { readonly usedMs: number; readonly samples: number };
  /** Ends it with err-urd-query-cancelled, at its next look. */
  readonly cancel: () => void;
}

/** The queries at work in one thread; bounded. */
export interface ActiveQueries {
  /** Enters a query. Throws query-queue-full when there are too many; call `leave` otherwise. */
  enter(query: Omit<ActiveQuery, "id">): ActiveQuery;
  leave(query: ActiveQuery): void;
  /** Oldest first. */
  list(): readonly ActiveQuery[];
}

/** How many queries one thread works at at once. */
export interface ActiveQueriesMax {
  readonly all: number;
  /** Of one tenant, so that none of them takes every place. */
  readonly ofTenant: number;
}

/** Queries at work, none at first. Ids begin with the name of the `thread`. */
export function createActiveQueries(most: ActiveQueriesMax, thread: string): ActiveQueries {
  const active = new Map<string, ActiveQuery>();
  const ofTenant = new Map<string, number>();
  let lastId = 0;
  const refuse = (text: string, limit: number): never => {
    throw urdError("query-queue-full", text, { limit, retryAfterMs: 1000 });
  };
  return {
    enter(query) {
      const own = ofTenant.get(query.tenant) ?? 0;
      if (own >= most.ofTenant) {
        refuse(`${own} queries of the tenant are at work or wait already.`, most.ofTenant);
      }
      if (active.size >= most.all) {
        refuse(`${active.size} queries are at work, as many as a query thread takes.`, most.all);
      }
      const entered = { ...query, id: `${thread}.${++lastId}` };
      active.set(entered.id, entered);
      ofTenant.set(query.tenant, own + 1);
      return entered;
    },
    leave({ id, tenant }) {
      if (!active.delete(id)) return;
      const left = (ofTenant.get(tenant) ?? 1) - 1;
      if (left > 0) ofTenant.set(tenant, left);
      else ofTenant.delete(tenant);
    },
    list: () => [...active.values()],
  };
}
