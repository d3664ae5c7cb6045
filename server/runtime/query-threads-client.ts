import {
  type Channel,
  createClient,
  RawQueryService,
  type ServiceClient,
} from "../platform/rpc/index.ts";
import { createLeastBusyChannel } from "./least-busy-channel.ts";

type QueryClient = ServiceClient<typeof RawQueryService>;

/**
 * The query service of all query threads as one: a query goes to the thread with the least to
 * do, the calls about queries at work go to all of them. A thread that is down has none at work.
 */
export function createQueryThreadsClient(channels: readonly Channel[]): QueryClient {
  const threads = channels.map((channel) => createClient(RawQueryService, channel));
  return {
    ...createClient(RawQueryService, createLeastBusyChannel(channels)),
    async listQueries(request, options) {
      const lists = await answersOf(threads.map((thread) => thread.listQueries(request, options)));
      const queries = lists.flatMap((list) => list.queries);
      queries.sort((a, b) => Number(a.startedMs - b.startedMs));
      return { $typeName: "urd.query.v1.ListQueriesResponse", queries };
    },
    async cancelQuery(request, options) {
      const answers = await answersOf(threads.map((one) => one.cancelQuery(request, options)));
      const found = answers.some((answer) => answer.found);
      return { $typeName: "urd.query.v1.CancelQueryResponse", found };
    },
  };
}

async function answersOf<T>(calls: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(calls);
  const answers = settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = settled.find((one) => one.status === "rejected");
  if (answers.length === 0 && failed !== undefined) throw failed.reason;
  return answers;
}
