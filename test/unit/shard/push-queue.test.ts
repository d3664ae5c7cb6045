import { expect, test } from "vitest";
import { PushQueue } from "../../../server/shard/push-queue.ts";

test("tenants take turns, batches of one tenant keep their order", () => {
  const queue = new PushQueue<string>();
  for (const batch of ["a1", "a2", "a3"]) queue.add("a", batch);
  queue.add("b", "b1");
  const order: string[] = [];
  for (let at = queue.current(); at !== undefined; at = queue.current()) {
    order.push(at.batch);
    queue.finish();
  }
  expect(order).toEqual(["a1", "b1", "a2", "a3"]);
  expect(queue.size).toBe(0);
});

test("a batch that is not finished gives its turn away and gets it back", () => {
  const queue = new PushQueue<string>();
  queue.rotate();
  queue.add("a", "a1");
  queue.add("b", "b1");
  queue.rotate();
  expect(queue.current()).toEqual({ tenant: "b", batch: "b1" });
  queue.rotate();
  expect(queue.current()).toEqual({ tenant: "a", batch: "a1" });
  expect(queue.clear()).toEqual(["b1", "a1"].reverse());
  expect(queue.current()).toBeUndefined();
});
