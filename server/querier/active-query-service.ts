import type { CallContext, RawQueryService, ServiceHandlers } from "../platform/rpc/index.ts";
import type { ActiveQueries } from "./active-queries.ts";
import { tenantOf } from "./tenant-of.ts";

/** Code units of a query's text that lists show. */
const textLengthMax = 4096;

/** Serves the calls about queries at work in this thread; a tenant meets its own alone. */
export function createActiveQueryHandlers(
  active: ActiveQueries,
): Pick<ServiceHandlers<typeof RawQueryService>, "listQueries" | "cancelQuery"> {
  const own = (context: CallContext) =>
    active.list().filter(({ tenant }) => tenant === tenantOf(context));
  return {
    listQueries: (_, context) => ({
      queries: own(context).map(({ id, text, startedMs, times, progress }) => ({
        id,
        query: text.slice(0, textLengthMax).toWellFormed(),
        startedMs: BigInt(startedMs),
        startMs: BigInt(times.startMs),
        endMs: BigInt(times.endMs),
        stepMs: BigInt(times.stepMs),
        threadUs: BigInt(Math.round(progress().usedMs * 1000)),
        samples: BigInt(progress().samples),
      })),
    }),
    cancelQuery({ id }, context) {
      const query = own(context).find((one) => one.id === id);
      query?.cancel();
      return { found: query !== undefined };
    },
  };
}
