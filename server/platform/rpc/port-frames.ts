/**
 * What crosses a MessagePort. Frames are arrays, as structured clone writes an object's keys
 * again and again:
 *
 *   caller → handler   [open, id, path, timeoutMs | 0, headers | null, request | null]
 *                      [message, id, request]     a request of a stream, against credit
 *                      [end, id]                  no more requests
 *                      [cancel, id, error]        the caller gave up; nothing comes back
 *                      [credit, id, count]        so many more answers may come
 *   handler → caller   [answer, id, response]     a unary call's only frame
 *                      [message, id, response]    an answer of a stream, against credit
 *                      [end, id]                  the stream ended well
 *                      [error, id, error]         the call failed
 *                      [credit, id, count]        so many more requests may come
 *
 *   both ways          [several, frames]          what one turn of the sender's loop posted
 *
 * Either side starts a stream with `window` messages of credit.
 */
import type { Message } from "@bufbuild/protobuf";
import type { ErrorRecord } from "./errors.ts";
import type { CallHeaders } from "./types.ts";

/** Kinds of frames. */
export const frameKind = {
  open: 0,
  message: 1,
  end: 2,
  cancel: 3,
  credit: 4,
  answer: 5,
  error: 6,
  several: 7,
} as const;

/** The frame that begins a call. */
export type OpenFrame = readonly [
  kind: typeof frameKind.open,
  id: number,
  path: string,
  timeoutMs: number,
  headers: CallHeaders | null,
  request: Message | null,
];

/** Frames that a caller sends. */
export type CallerFrame =
  | OpenFrame
  | readonly [kind: typeof frameKind.message, id: number, request: Message]
  | readonly [kind: typeof frameKind.end, id: number]
  | readonly [kind: typeof frameKind.cancel, id: number, error: ErrorRecord]
  | readonly [kind: typeof frameKind.credit, id: number, count: number];

/** Frames that a handler's side sends. */
export type HandlerFrame =
  | readonly [kind: typeof frameKind.answer, id: number, response: Message]
  | readonly [kind: typeof frameKind.message, id: number, response: Message]
  | readonly [kind: typeof frameKind.end, id: number]
  | readonly [kind: typeof frameKind.error, id: number, error: ErrorRecord]
  | readonly [kind: typeof frameKind.credit, id: number, count: number];

/** Any frame that stands by itself. */
export type Frame = CallerFrame | HandlerFrame;

/**
 * Messages that may be under way in each direction of a stream. Eight frames of at most
 * 128 KiB keep both threads busy and hold a slow reader's memory at 1 MiB.
 */
export const defaultWindowMessages = 8;

/** What both sides of a port need of it; MessagePort and parentPort have it. */
export interface Port {
  postMessage(value: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: "message", listener: (value: unknown) => void): unknown;
  on(event: "messageerror", listener: (error: Error) => void): unknown;
  on(event: "close", listener: () => void): unknown;
  close(): void;
}
