/**
 * A word in shared memory by which shards tell the background thread that a head is wide: the
 * cheapest way from one thread to another, and it needs no connection.
 */
export class HeadSignal {
  readonly #word: Int32Array;
  #seen = 0;

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory);
    this.#seen = Atomics.load(this.#word, 0);
  }

  /** Tells whoever waits. */
  raise(): void {
    Atomics.add(this.#word, 0, 1);
    Atomics.notify(this.#word, 0);
  }

  /** Resolves when the signal was raised since the last time; one waiter at a time. */
  async raised(): Promise<void> {
    for (;;) {
      const value = Atomics.load(this.#word, 0);
      if (value !== this.#seen) {
        this.#seen = value;
        return;
      }
      await Atomics.waitAsync(this.#word, 0, value).value;
    }
  }
}

/** Makes the memory of a `HeadSignal`. */
export function headSignalMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}
