import { expect, test } from "vitest";
import type { Batch } from "../../../clients/sdk/batches.ts";
import { type BatchOutcome, UrdClientError } from "../../../clients/sdk/index.ts";
import { emptyOutcome, type WriteOutcome } from "../../../clients/sdk/outcome.ts";
import { createWriter, type WriterOptions } from "../../../clients/sdk/writer.ts";

const series = (name: string, samples = 1) => ({
  labels: { __name__: name },
  samples: Array.from({ length: samples }, (_, timeMs) => ({ timeMs, value: 1 })),
});

/** A server that answers when the test says so. */
const slowServer = (options: WriterOptions = {}) => {
  const sent: {
    batch: Batch;
    answer: (outcome: WriteOutcome) => void;
    fail: (e: Error) => void;
  }[] = [];
  const writer = createWriter(
    (batch) =>
      new Promise((resolve, reject) => sent.push({ batch, answer: resolve, fail: reject })),
    { batchAgeMsMax: 60_000, ...options },
  );
  return { sent, writer };
};

const names = (batch: Batch | undefined) => batch?.series.map(({ labels }) => labels["__name__"]);
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));

test("a batch goes when it is full by count", async () => {
  const { sent, writer } = slowServer({ batchSamplesMax: 3 });
  await writer.add(series("a"), series("b"), series("c"));
  expect(sent).toHaveLength(0);
  await writer.add(series("d"));
  expect(names(sent[0]?.batch)).toEqual(["a", "b", "c"]);
});

test("a batch goes when it is full by size", async () => {
  const { sent, writer } = slowServer({ batchSizeBytesMax: 1000 });
  await writer.add(series("x".repeat(600)), series("y".repeat(600)));
  expect(sent).toHaveLength(1);
});

test("a batch goes when it is old", async () => {
  const { sent, writer } = slowServer({ batchAgeMsMax: 20 });
  await writer.add(series("a"));
  expect(sent).toHaveLength(0);
  while (sent.length === 0) await turn();
  expect(names(sent[0]?.batch)).toEqual(["a"]);
});

test("one batch at a time unless told otherwise", async () => {
  const one = slowServer({ batchSamplesMax: 1 });
  await one.writer.add(series("a"), series("b"), series("c"));
  expect(one.sent).toHaveLength(1);
  one.sent[0]?.answer(emptyOutcome);
  await turn();
  expect(one.sent).toHaveLength(2);
  const two = slowServer({ batchSamplesMax: 1, inFlightMax: 2 });
  await two.writer.add(series("a"), series("b"), series("c"), series("d"));
  expect(two.sent).toHaveLength(2);
});

test("adding waits while too much is pending", async () => {
  const { sent, writer } = slowServer({ batchSamplesMax: 2, pendingSamplesMax: 4 });
  let added = 0;
  const adding = (async () => {
    for (; added < 20; added++) await writer.add(series("a"));
  })();
  await turn();
  expect(added).toBe(4);
  sent[0]?.answer(emptyOutcome);
  await turn();
  expect(added).toBe(6);
  while (added < 20) {
    sent.splice(0).at(-1)?.answer(emptyOutcome);
    await turn();
  }
  await adding;
});

test("flush waits for all, tells the first failure once, and goes on afterwards", async () => {
  const outcomes: BatchOutcome[] = [];
  const { sent, writer } = slowServer({
    batchSamplesMax: 1,
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  await writer.add(series("a"), series("b"));
  const flushed = writer.flush();
  sent[0]?.fail(new Error("lost"));
  await turn();
  sent[1]?.answer({ ...emptyOutcome, samplesStored: 1 });
  await expect(flushed).rejects.toBeInstanceOf(UrdClientError);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["failed", "judged"]);
  await writer.flush();
});

test("closing flushes and takes nothing more", async () => {
  const { sent, writer } = slowServer();
  await writer.add(series("a"));
  const closed = writer.close();
  await expect(writer.add(series("b"))).rejects.toMatchObject({ code: "CANCELLED" });
  sent[0]?.answer(emptyOutcome);
  await closed;
  await writer.close();
});

test("a writer leaves its scope flushed", async () => {
  const sent: Batch[] = [];
  {
    await using writer = createWriter((batch) => {
      sent.push(batch);
      return Promise.resolve(emptyOutcome);
    }, {});
    await writer.add(series("a", 3));
  }
  expect(sent.map(({ samples }) => samples)).toEqual([3]);
});
