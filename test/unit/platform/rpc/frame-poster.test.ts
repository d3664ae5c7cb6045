import { setImmediate as nextRound } from "node:timers/promises";
import { expect, test } from "vitest";
import { eachFrame, FramePoster } from "../../../../server/platform/rpc/frame-poster.ts";
import {
  type Frame,
  frameKind,
  type HandlerFrame,
} from "../../../../server/platform/rpc/port-frames.ts";

/** A port that clones as a real one does, and keeps what was posted. */
function fakePort() {
  const posted: unknown[] = [];
  const port = {
    postMessage: (value: unknown) => void posted.push(structuredClone(value)),
    on: () => undefined,
    close: () => undefined,
  };
  return { port, posted, frames: () => framesOf(posted) };
}

function framesOf(posted: readonly unknown[]): Frame[] {
  const frames: Frame[] = [];
  for (const one of posted) eachFrame<HandlerFrame>(one, (frame) => frames.push(frame));
  return frames;
}

const unused = (): Frame => [frameKind.end, 0];

test("frames of one turn go as one message, in their order", async () => {
  const { port, posted, frames } = fakePort();
  const poster = new FramePoster(port);
  poster.post([frameKind.credit, 1, 4], unused);
  poster.post([frameKind.end, 1], unused);
  await nextRound();
  expect(posted).toHaveLength(1);
  expect(frames()).toEqual([
    [frameKind.credit, 1, 4],
    [frameKind.end, 1],
  ]);
});

test("a frame that cannot be cloned is replaced in its place", async () => {
  const { port, frames } = fakePort();
  const poster = new FramePoster(port);
  const bad = [frameKind.credit, 2, (() => 1) as unknown as number] as const;
  poster.post([frameKind.end, 1], unused);
  poster.post(bad, () => [frameKind.end, 7]);
  poster.post([frameKind.end, 3], unused);
  await nextRound();
  expect(frames().map(([, id]) => id)).toEqual([1, 7, 3]);
});

test("closing posts what waits, and nothing afterwards", async () => {
  const { port, frames } = fakePort();
  const poster = new FramePoster(port);
  poster.post([frameKind.end, 1], unused);
  poster.close();
  poster.post([frameKind.end, 2], unused);
  await nextRound();
  expect(frames()).toEqual([[frameKind.end, 1]]);
});
