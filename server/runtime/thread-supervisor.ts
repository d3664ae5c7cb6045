import { type ResourceLimits, type Transferable, Worker } from "node:worker_threads";
import { type Clock, errorText, type Timer } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";

/** What a thread tells the runtime. */
export type ThreadMessage =
  /** It serves: everything it had to do first is done. */
  | { readonly kind: "serving" }
  /** Why it does not serve yet, for people. */
  | { readonly kind: "progress"; readonly text: string }
  /** What is wrong although it serves, or undefined when it is well again. */
  | { readonly kind: "fault"; readonly text: string | undefined };

/** What a thread gets at its start; made anew for each, since ports can be given only once. */
export interface ThreadInput {
  readonly workerData: unknown;
  readonly transfer: readonly Transferable[];
}

/** What a supervised thread is made of. */
export interface ThreadPlan {
  readonly name: string;
  readonly entry: URL;
  /** Bounds of its heap where Node's are too wide. */
  readonly heap?: ResourceLimits | undefined;
  /** Called before each start of the thread. */
  readonly prepare: () => ThreadInput;
  /** Called when it serves, at the first start and at each later one. */
  readonly onServing?: () => void;
  /** Called when it ended without being asked to. */
  readonly onLost?: () => void;
  /** What is wrong with the thread, or undefined when it is well. */
  readonly onFault: (fault: string | undefined) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const restartDelayMsMin = 100;
const restartDelayMsMax = 10_000;
/** A thread that served for a minute starts again with the shortest delay. */
const healthyMs = 60_000;

/**
 * A thread that is started again whenever it dies, with a growing delay. The first start is
 * different: when it fails, that is the caller's failure and nothing is tried again.
 */
export class SupervisedThread {
  readonly #plan: ThreadPlan;
  #worker: Worker | undefined;
  #restart: Timer | undefined;
  #delayMs = restartDelayMsMin;
  #servedBefore = false;
  #stopping = false;
  #early: { message: unknown; transfer: readonly Transferable[] }[] | undefined = [];
  #lastError: unknown;

  constructor(plan: ThreadPlan) {
    this.#plan = plan;
  }

  /** Resolves when the thread serves; rejects with what killed it before that. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => this.#launch(resolve, reject));
  }

  /**
   * Sends to the thread as it runs now; a thread that is down does not get it. What is sent
   * before the first start waits for it.
   */
  post(message: unknown, transfer: readonly Transferable[] = []): void {
    if (this.#early !== undefined) this.#early.push({ message, transfer });
    else this.#worker?.postMessage(message, transfer);
  }

  /** Asks the thread to end and waits for it; after `timeoutMs` it is killed. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    const late = this.#plan.clock.after(timeoutMs, () => {
      this.#plan.logger.warn("a thread did not end in time", { thread: this.#plan.name });
      void worker.terminate();
    });
    worker.postMessage({ kind: "stop" });
    await ended;
    late.cancel();
  }

  #launch(onServing: () => void, onFailure: (error: unknown) => void): void {
    const { name, entry, heap = {}, prepare, clock } = this.#plan;
    const { workerData, transfer } = prepare();
    const worker = new Worker(entry, {
      name,
      workerData,
      transferList: [...transfer],
      resourceLimits: heap,
    });
    this.#worker = worker;
    for (const { message, transfer } of this.#early ?? []) worker.postMessage(message, transfer);
    this.#early = undefined;
    let servingSinceMs: number | undefined;
    this.#lastError = undefined;
    worker.on("message", (message: ThreadMessage) => {
      if (message.kind !== "serving") {
        this.#plan.onFault(message.text);
        return;
      }
      servingSinceMs = clock.monotonicMs();
      this.#servedBefore = true;
      this.#plan.onFault(undefined);
      this.#plan.onServing?.();
      onServing();
    });
    worker.on("error", (error) => {
      this.#lastError = error;
    });
    worker.on("exit", (code) => {
      this.#worker = undefined;
      if (this.#stopping) return;
      const cause = this.#lastError ?? new Error(`thread ${name} ended with code ${code}`);
      if (!this.#servedBefore) {
        onFailure(cause);
        return;
      }
      this.#lost(cause, servingSinceMs);
    });
  }

  #lost(cause: unknown, servingSinceMs: number | undefined): void {
    const { name, clock, logger, onFault, onLost } = this.#plan;
    const isHealthy =
      servingSinceMs !== undefined && clock.monotonicMs() - servingSinceMs >= healthyMs;
    if (isHealthy) this.#delayMs = restartDelayMsMin;
    logger.error("a thread died and is started again", {
      thread: name,
      delay_ms: this.#delayMs,
      error: cause,
    });
    onFault(`restarting after ${errorText(cause)}`);
    onLost?.();
    this.#restart = clock.after(this.#delayMs, () =>
      this.#launch(
        () => logger.info("a thread serves again", { thread: name }),
        () => {},
      ),
    );
    this.#delayMs = Math.min(this.#delayMs * 2, restartDelayMsMax);
  }
}
