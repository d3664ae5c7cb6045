import { expect, test } from "vitest";
import {
  mergeOutcomes,
  nothingStored,
  outcomeOfFailure,
} from "../../../server/distributor/outcome.ts";
import { urdError } from "../../../server/model/index.ts";

const client = urdError("write-request-invalid", "bad");
const server = urdError("shard-unavailable", "away");

test("a server's failure weighs more than a client's, whatever the order", () => {
  for (const order of [
    [client, server],
    [server, client],
  ]) {
    expect(mergeOutcomes(order.map(outcomeOfFailure)).failure).toBe(server);
  }
  expect(mergeOutcomes([nothingStored, outcomeOfFailure(client)]).failure).toBe(client);
});

test("counts add up and at most 32 reasons stay", () => {
  const many = Array.from({ length: 40 }, (_, i) => {
    const error = urdError("label-invalid", "bad");
    return { error: Object.assign(error, { id: `err-urd-${i}` }), samples: 1 };
  });
  const merged = mergeOutcomes([
    { ...nothingStored, samplesStored: 2, refused: many },
    { ...nothingStored, samplesStored: 3, histogramsStored: 1, samplesDuplicate: 1 },
  ]);
  expect(merged).toMatchObject({ samplesStored: 5, histogramsStored: 1, samplesDuplicate: 1 });
  expect(merged.refused).toHaveLength(32);
});
