import {
  MessageChannel,
  type MessagePort,
  type ResourceLimits,
  type Transferable,
} from "node:worker_threads";
import { type ErrorId, urdError } from "../model/index.ts";
import { type Clock, defined } from "../platform/base/index.ts";
import { type Channel, openPortChannel } from "../platform/rpc/index.ts";
import {
  type Logger,
  type LogFormat,
  type LogLevel,
  type MetricSnapshot,
  type MetricSource,
  metricsFrom,
} from "../platform/telemetry/index.ts";
import type { Readiness } from "./readiness.ts";
import { SupervisedThread, type ThreadInput } from "./thread-supervisor.ts";
import { createSwitchingChannel, type SwitchingChannel } from "./switching-channel.ts";

/** What every thread of Urd gets as part of its workerData. */
export interface ThreadBasics {
  /** `shard-0`; a label of its metrics. */
  readonly name: string;
  readonly log: { readonly level: LogLevel; readonly format: LogFormat };
  /** Asked for the thread's metrics. */
  readonly metricsPort: MessagePort;
}

/** What makes a group of like threads. */
export interface ThreadGroupOptions {
  /** First part of the threads' names. */
  readonly kind: string;
  /** What calls fail with while a thread does not serve. */
  readonly unavailable: ErrorId;
  readonly count: number;
  readonly entry: URL;
  /** Bounds of each thread's heap where Node's are too wide. */
  readonly heap?: ResourceLimits | undefined;
  readonly log: ThreadBasics["log"];
  /** The workerData of one thread beside the basics, made anew for each start. */
  readonly prepare: (index: number) => ThreadInput;
  /** Called whenever a thread begins to serve. */
  readonly onServing: (index: number) => void;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Threads of one kind, each with a channel from the main thread that outlives its restarts. */
export class ThreadGroup {
  readonly #options: ThreadGroupOptions;
  readonly #threads: readonly SupervisedThread[];
  readonly #channels: readonly SwitchingChannel[];
  readonly #metrics: (MetricSource | undefined)[] = [];
  readonly #serving = new Set<number>();

  constructor(options: ThreadGroupOptions) {
    this.#options = options;
    const indexes = Array.from({ length: options.count }, (_, index) => index);
    this.#channels = indexes.map((index) =>
      createSwitchingChannel(() =>
        urdError(options.unavailable, `The thread ${options.kind}-${index} is starting.`),
      ),
    );
    this.#threads = indexes.map((index) => this.#makeThread(index));
  }

  /** Channels to the services that the threads serve, in their order. */
  get channels(): readonly Channel[] {
    return this.#channels;
  }

  /** The threads that serve now, ascending. */
  get serving(): readonly number[] {
    return [...this.#serving].sort((a, b) => a - b);
  }

  /** Resolves when all threads serve. */
  async start(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.start()));
  }

  /** Lets every thread finish and end. */
  async stop(timeoutMs: number): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop(timeoutMs)));
    for (const channel of this.#channels) channel.close();
  }

  /** A new port to the services of one thread, for whoever shall call them directly. */
  connect(index: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.post(index, { kind: "connect", port: port1 }, [port1]);
    return port2;
  }

  /** Sends to one thread as it runs now. */
  post(index: number, message: unknown, transfer: readonly Transferable[] = []): void {
    this.#threads[index]?.post(message, transfer);
  }

  /** Sends the same to every thread. */
  broadcast(message: unknown): void {
    for (const thread of this.#threads) thread.post(message);
  }

  /** Metrics of all threads that answer in time. */
  async snapshots(timeoutMs: number): Promise<readonly MetricSnapshot[]> {
    return Promise.all(
      this.#metrics.filter((source) => source !== undefined).map((s) => s.snapshot(timeoutMs)),
    );
  }

  #makeThread(index: number): SupervisedThread {
    const { kind, entry, heap, readiness, clock, logger } = this.#options;
    const name = `${kind}-${index}`;
    return new SupervisedThread({
      name,
      entry,
      heap,
      prepare: () => this.#prepare(name, index),
      onServing: () => this.#served(index),
      onLost: () => this.#lost(index),
      onFault: (fault) => readiness.setFault(name, fault),
      clock,
      logger,
    });
  }

  #prepare(name: string, index: number): ThreadInput {
    const { log, clock, prepare } = this.#options;
    const { port1, port2 } = new MessageChannel();
    this.#metrics[index] = metricsFrom(port2, clock);
    const { workerData, transfer } = prepare(index);
    const basics: ThreadBasics = { name, log, metricsPort: port1 };
    return { workerData: { ...(workerData as object), ...basics }, transfer: [...transfer, port1] };
  }

  #served(index: number): void {
    const channel = openPortChannel(this.connect(index), { clock: this.#options.clock });
    defined(this.#channels[index], "a thread's channel").use(channel);
    this.#serving.add(index);
    this.#options.onServing(index);
  }

  #lost(index: number): void {
    this.#serving.delete(index);
    this.#metrics[index] = undefined;
    this.#channels[index]?.use(undefined);
  }
}
