import { assert, type UrdError } from "../base/index.ts";

/** The sender's side of credit: how many messages may still go. */
export class CreditGate {
  #credit: number;
  #failure: (() => UrdError) | undefined;
  #waiter: PromiseWithResolvers<void> | undefined;

  constructor(credit: number) {
    this.#credit = credit;
  }

  /** Takes one credit; a promise when the sender has to wait for it. One waiter at a time. */
  take(): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure();
    this.#credit -= 1;
    if (this.#credit >= 0) return undefined;
    assert(this.#waiter === undefined, "two senders wait for the credit of one stream");
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  add(count: number): void {
    this.#credit += count;
    if (this.#credit < 0) return;
    this.#waiter?.resolve();
    this.#waiter = undefined;
  }

  /**
   * Wakes the sender with the failure; further takes throw it. It is made when somebody meets
   * it: an error takes its stack down, and most streams end with nobody waiting.
   */
  fail(failure: () => UrdError): void {
    this.#failure = failure;
    this.#waiter?.reject(failure());
    this.#waiter = undefined;
  }
}

/** The receiver's side: messages that came and were not read, at most a window of them. */
export class Inbox<T> implements AsyncIterableIterator<T> {
  readonly #queue: T[] = [];
  readonly #window: number;
  readonly #grant: (count: number) => void;
  readonly #onLeave: () => void;
  #read = 0;
  #ended = false;
  #failure: UrdError | undefined;
  #waiter: PromiseWithResolvers<IteratorResult<T>> | undefined;

  /** `grant` gives the sender credit; `onLeave` runs when the reader stops before the end. */
  constructor(window: number, grant: (count: number) => void, onLeave: () => void) {
    this.#window = window;
    this.#grant = grant;
    this.#onLeave = onLeave;
  }

  push(value: T): void {
    if (this.#ended || this.#failure !== undefined) return;
    if (this.#waiter !== undefined) {
      const waiter = this.#waiter;
      this.#waiter = undefined;
      this.#countRead();
      waiter.resolve({ done: false, value });
      return;
    }
    assert(this.#queue.length < this.#window, "a stream's sender overdrew its credit");
    this.#queue.push(value);
  }

  /** What was pushed before can still be read. */
  end(): void {
    if (this.#failure !== undefined) return;
    this.#ended = true;
    this.#waiter?.resolve({ done: true, value: undefined });
    this.#waiter = undefined;
  }

  /** Drops what is queued: a failed stream is worth nothing to its reader. */
  fail(failure: UrdError): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = failure;
    this.#queue.length = 0;
    this.#waiter?.reject(failure);
    this.#waiter = undefined;
  }

  next(): Promise<IteratorResult<T>> {
    const value = this.#queue.shift();
    if (value !== undefined) {
      this.#countRead();
      return Promise.resolve({ done: false, value });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    this.#waiter = Promise.withResolvers();
    return this.#waiter.promise;
  }

  return(): Promise<IteratorResult<T>> {
    const left = !this.#ended && this.#failure === undefined;
    this.#ended = true;
    this.#queue.length = 0;
    if (left) this.#onLeave();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Credit goes back in halves of the window, so that it costs a message per few messages. */
  #countRead(): void {
    this.#read += 1;
    if (this.#read * 2 < this.#window) return;
    if (!this.#ended) this.#grant(this.#read);
    this.#read = 0;
  }
}
