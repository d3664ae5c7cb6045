import { Batch, type BatchLimits, cutSeries, defaultBatchLimits } from "./batches.ts";
import { clientErrorOf, UrdClientError } from "./errors.ts";
import type { BatchOutcome, WriteOutcome } from "./outcome.ts";
import type { WriteSeries } from "./series.ts";

/** How a writer gathers and sends. */
export interface WriterOptions {
  /** Samples in a batch; 10,000 when left out. */
  readonly batchSamplesMax?: number;
  /** Bytes in a batch, roughly; 1 MiB when left out. */
  readonly batchSizeBytesMax?: number;
  /** A batch is sent when its first series is so old, full or not; 1,000 ms when left out. */
  readonly batchAgeMsMax?: number;
  /** Samples that may wait or be under way before `add` makes its caller wait; 100,000. */
  readonly pendingSamplesMax?: number;
  /**
   * Batches under way at once; 1 when left out, so that samples of a series arrive in order.
   * More is faster where the tenant has an out-of-order window, as tenants have by default.
   */
  readonly inFlightMax?: number;
  /** Hears of each batch, in the order in which they end. Must not throw. */
  readonly onOutcome?: (outcome: BatchOutcome) => void;
}

/** Gathers series and writes them in batches. */
export interface UrdWriter {
  /**
   * Takes series over. Resolves at once while there is room, else when there is: wait for it
   * and memory stays bounded. Rejects once the writer is closed.
   */
  add(...series: readonly WriteSeries[]): Promise<void>;
  /**
   * Sends what waits and resolves when everything taken so far is judged by the server.
   * Rejects with the first failure of a whole batch since the last flush; refused samples
   * are no failure, see `onOutcome`.
   */
  flush(): Promise<void>;
  /** Flushes and takes nothing more. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Sends one batch and says what became of it; retries inside. */
export type SendBatch = (batch: Batch) => Promise<WriteOutcome>;

/** Makes a writer over `send`. */
export function createWriter(send: SendBatch, options: WriterOptions): UrdWriter {
  return new BatchingWriter(send, options);
}

class BatchingWriter implements UrdWriter {
  readonly #send: SendBatch;
  readonly #options: WriterOptions;
  readonly #limits: BatchLimits;
  readonly #ready: Batch[] = [];
  readonly #waiting: (() => void)[] = [];
  #batch = new Batch();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #inFlight = 0;
  #pendingSamples = 0;
  #failure: UrdClientError | undefined;
  #idle: (() => void)[] = [];
  #closed: Promise<void> | undefined;

  constructor(send: SendBatch, options: WriterOptions) {
    this.#send = send;
    this.#options = options;
    this.#limits = {
      samplesMax: options.batchSamplesMax ?? defaultBatchLimits.samplesMax,
      sizeBytesMax: options.batchSizeBytesMax ?? defaultBatchLimits.sizeBytesMax,
    };
  }

  async add(...all: readonly WriteSeries[]): Promise<void> {
    const pieces = all.flatMap((series) => cutSeries(series, this.#limits.samplesMax));
    for (const piece of pieces) {
      while (this.#isFull()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      if (this.#closed !== undefined) throw closedError();
      this.#take(piece);
    }
  }

  async flush(): Promise<void> {
    this.#seal();
    if (this.#pendingSamples > 0 || this.#inFlight > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  close(): Promise<void> {
    this.#closed ??= this.flush();
    for (const resume of this.#waiting.splice(0)) resume();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isFull(): boolean {
    const max = this.#options.pendingSamplesMax ?? pendingSamplesMaxDefault;
    return this.#closed === undefined && this.#pendingSamples >= max;
  }

  #take(series: WriteSeries): void {
    if (this.#batch.isFullFor(series, this.#limits)) this.#seal();
    this.#batch.add(series);
    this.#pendingSamples += series.samples.length;
    this.#timer ??= setTimeout(
      () => this.#seal(),
      this.#options.batchAgeMsMax ?? batchAgeMsMaxDefault,
    );
  }

  /** Puts the open batch in line. */
  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#batch.series.length === 0) return;
    this.#ready.push(this.#batch);
    this.#batch = new Batch();
    this.#sendNext();
  }

  #sendNext(): void {
    while (this.#inFlight < (this.#options.inFlightMax ?? 1)) {
      const batch = this.#ready.shift();
      if (batch === undefined) break;
      this.#inFlight += 1;
      void this.#sendOne(batch);
    }
  }

  async #sendOne(batch: Batch): Promise<void> {
    const { samples } = batch;
    const outcome = await this.#send(batch).then(
      (judged): BatchOutcome => ({ kind: "judged", samples, ...judged }),
      (thrown: unknown): BatchOutcome => ({
        kind: "failed",
        samples,
        error: clientErrorOf(thrown),
      }),
    );
    this.#inFlight -= 1;
    this.#pendingSamples -= samples;
    if (outcome.kind === "failed") this.#failure ??= outcome.error;
    this.#options.onOutcome?.(outcome);
    this.#sendNext();
    if (!this.#isFull()) for (const resume of this.#waiting.splice(0)) resume();
    if (this.#inFlight === 0 && this.#ready.length === 0 && this.#batch.series.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }
}

const batchAgeMsMaxDefault = 1_000;
const pendingSamplesMaxDefault = 100_000;

const closedError = (): UrdClientError =>
  new UrdClientError("The writer was closed.", {
    id: "err-urd-rpc-cancelled",
    code: "CANCELLED",
    retryable: false,
  });
