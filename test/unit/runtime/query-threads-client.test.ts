import { expect, test } from "vitest";
import { urdError } from "../../../server/model/index.ts";
import { systemClock } from "../../../server/platform/base/index.ts";
import {
  type Channel,
  openInProcessChannel,
  RawQueryService,
  serve,
} from "../../../server/platform/rpc/index.ts";
import { createQueryThreadsClient } from "../../../server/runtime/query-threads-client.ts";

const thread = (id: string, startedMs: bigint): Channel =>
  openInProcessChannel(
    [
      serve(RawQueryService, {
        listQueries: () => ({ queries: [{ id, startedMs }] }),
        cancelQuery: (request) => ({ found: request.id === id }),
      }),
    ],
    { clock: systemClock },
  );

const down = openInProcessChannel(
  [
    serve(RawQueryService, {
      listQueries() {
        throw urdError("querier-unavailable", "It starts.");
      },
      cancelQuery() {
        throw urdError("querier-unavailable", "It starts.");
      },
    }),
  ],
  { clock: systemClock },
);

test("queries of all threads are listed and cancelled, whichever thread is down", async () => {
  const client = createQueryThreadsClient([
    thread("query-0.1", 20n),
    down,
    thread("query-2.1", 10n),
  ]);
  const { queries } = await client.listQueries({});
  expect(queries.map(({ id }) => id)).toEqual(["query-2.1", "query-0.1"]);
  expect((await client.cancelQuery({ id: "query-2.1" })).found).toBe(true);
  expect((await client.cancelQuery({ id: "query-1.1" })).found).toBe(false);
});

test("when no thread answers the call fails", async () => {
  const client = createQueryThreadsClient([down]);
  await expect(client.listQueries({})).rejects.toMatchObject({ id: "err-urd-querier-unavailable" });
});
