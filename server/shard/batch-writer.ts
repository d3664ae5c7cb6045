import type {
  PayloadFormat,
  Refusal,
  Resolution,
  ShardKernel,
  TenantRules,
} from "../kernel/index.ts";
import { type Limits, shardsOfTenant } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import { type Clock, defined, type UrdError } from "../platform/base/index.ts";
import type { ChunksFiles } from "./chunks/chunks-files.ts";
import { type LogRecord, recordTypes } from "./log/record.ts";
import type { ShardLog } from "./log/shard-log.ts";
import { type NewestTimes, noNewestMs } from "./newest-times.ts";
import { windowEnd } from "./payload-window.ts";
import { PushQueue } from "./push-queue.ts";
import type { ShardSettings } from "./settings.ts";
import { type ShardTenant, type ShardTenants, tenantRecord } from "./tenants.ts";

/** A batch of one tenant. The payload is borrowed until the outcome is there. */
export interface PushBatch {
  readonly tenant: string;
  readonly format: PayloadFormat;
  readonly payload: Uint8Array;
}

/** What became of a batch. Everything that it counts is in the log. */
export interface PushOutcome {
  /** Float samples stored, those that were stored before with the same value included. */
  readonly samplesStored: number;
  /** Native histograms stored, likewise. */
  readonly histogramsStored: number;
  /** Samples and histograms that were stored before with the same value. */
  readonly samplesDuplicate: number;
  /** Refusals by kind; offsets of the examples are relative to the payload. */
  readonly refusals: readonly Refusal[];
}

/** What the writer of batches works with. */
export interface BatchWriterParts {
  readonly kernel: ShardKernel;
  readonly log: ShardLog;
  readonly chunks: ChunksFiles;
  readonly tenants: ShardTenants;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Shards of the process: each takes its part of a tenant's series. */
  readonly shards: number;
  readonly newest: NewestTimes | undefined;
  readonly settings: ShardSettings;
  /** Records to be written before the next batch, until they are. */
  readonly unlogged: LogRecord[];
  /** Told of a tenant whose samples were stored. */
  onStored(tenant: ShardTenant): void;
  /** Called after each group of batches. */
  afterGroup(): void;
  /** Told of an error that spoils the kernel; the shard must be thrown away. */
  onFatal(error: unknown): void;
}

interface Job {
  readonly batch: PushBatch;
  /** The window in the kernel's input: where it begins and ends in the payload. */
  from: number;
  to: number;
  /** How far the window is resolved. */
  resolvedTo: number;
  /** Samples of both kinds that are stored, duplicates included. */
  stored: number;
  histograms: number;
  duplicate: number;
  readonly refusals: Map<string, Refusal>;
  readonly settle: {
    readonly resolve: (outcome: PushOutcome) => void;
    readonly reject: (error: unknown) => void;
  };
}

/** Sealed bytes in the kernel from which on they are written after a group. */
const outboxSizeBytesMax = 256 << 10;

/** Kernel rules of a tenant's limits; a shard takes its part of the series. */
export function tenantRules(limits: Limits, tenant: string, shards: number): TenantRules {
  const found = limits.limitsFor(tenant);
  const { seriesMax } = found;
  const parts = shardsOfTenant(tenant, { seriesMax, shards }).length;
  return {
    seriesMax: Math.ceil(seriesMax / parts),
    labelNamesMax: found.labelNamesMax,
    labelNameSizeBytesMax: found.labelNameSizeBytesMax,
    labelValueSizeBytesMax: found.labelValueSizeBytesMax,
    outOfOrderWindowMs: found.outOfOrderWindowMs,
    nativeHistogramsEnabled: found.nativeHistogramsEnabled,
    nativeHistogramBucketsMax: found.nativeHistogramBucketsMax,
    startTimestampsStored: found.startTimestampsStored,
    floatsAsXor2: found.floatsAsXor2,
  };
}

/**
 * Takes batches in the order resolve, log, apply, acknowledge. It works in turns of a few
 * milliseconds, tenant by tenant; queries and snapshots come between the turns. A batch is
 * refused as a whole only when its payload is malformed or the disk does not take it; what was
 * logged of it before stays, and is a duplicate when the sender tries again.
 */
export class BatchWriter {
  readonly #parts: BatchWriterParts;
  readonly #queue = new PushQueue<Job>();
  /** The job whose window stands in the kernel's input. */
  #inInput: Job | undefined;
  #running = false;
  #failure: UrdError | undefined;

  constructor(parts: BatchWriterParts) {
    this.#parts = parts;
  }

  /** Stores a batch. Rejects with an UrdError when the call as a whole failed. */
  push(batch: PushBatch): Promise<PushOutcome> {
    return new Promise((resolve, reject) => {
      const { settings } = this.#parts;
      const refusal =
        this.#failure ??
        (this.#queue.size >= settings.batchesWaitingMax ? overloaded() : this.#unavailable());
      if (refusal !== undefined) {
        reject(refusal);
        return;
      }
      this.#queue.add(batch.tenant, newJob(batch, settings, { resolve, reject }));
      this.#schedule();
    });
  }

  /** Refuses everything from now on, and what waits. */
  stop(): void {
    this.#failure ??= urdError("shard-unavailable", "The ingest shard is stopping.");
    for (const job of this.#queue.clear()) job.settle.reject(this.#failure);
  }

  #schedule(): void {
    if (this.#running || this.#queue.size === 0) return;
    this.#running = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const { clock, settings, log, chunks, kernel } = this.#parts;
    const untilMs = clock.monotonicMs() + settings.turnMsMax;
    try {
      do {
        const current = this.#queue.current();
        if (current === undefined || log.saturated) break;
        this.#step(current.batch);
      } while (clock.monotonicMs() < untilMs);
      if (kernel.outboxSizeBytes() > outboxSizeBytesMax) chunks.drain();
      this.#parts.afterGroup();
    } catch (error) {
      this.#failure = urdError("shard-unavailable", "The ingest shard failed and starts again.");
      this.stop();
      this.#parts.onFatal(error);
    }
    this.#running = false;
    if (log.saturated) void log.settled().then(() => this.#schedule());
    else this.#schedule();
  }

  /** Resolves, logs and applies one part of a window. */
  #step(job: Job): void {
    const refusal = this.#unavailable();
    if (refusal !== undefined) {
      this.#finish(job, refusal);
      return;
    }
    const tenant = this.#tenant(job.batch.tenant);
    this.#bringIn(job);
    const resolution = this.#resolve(job, tenant);
    if ("fault" in resolution) {
      const where = job.from + resolution.offsetBytes;
      this.#finish(job, urdError("write-request-invalid", malformed(resolution.fault, where)));
      return;
    }
    if (!this.#store(resolution, tenant)) {
      this.#finish(job, logUnavailable());
      return;
    }
    count(job, resolution);
    this.#advance(job, resolution.nextOffsetBytes);
  }

  #resolve(job: Job, tenant: ShardTenant): ReturnType<ShardKernel["resolve"]> {
    const { kernel, clock, limits, newest } = this.#parts;
    return kernel.resolve({
      tenant: tenant.index,
      format: job.batch.format,
      sizeBytes: job.to - job.from,
      offsetBytes: job.resolvedTo,
      timeMsMax: clock.nowMs() + limits.limitsFor(tenant.name).futureGraceMs,
      newestMs: newest?.get(tenant.name) ?? noNewestMs,
    });
  }

  /** Logs and applies what was resolved; false when the disk did not take it. */
  #store(resolution: Resolution, tenant: ShardTenant): boolean {
    const { kernel, log, unlogged, newest } = this.#parts;
    const records: LogRecord[] = [];
    if (resolution.rows > 0 || resolution.definitions > 0) {
      records.push(...unlogged);
      if (!tenant.logged) records.push(tenantRecord(tenant));
      records.push({ type: recordTypes.batch, body: kernel.record() });
    }
    if (!log.append(records)) {
      kernel.abandon();
      return false;
    }
    kernel.apply();
    if (records.length > 0) {
      unlogged.length = 0;
      tenant.logged = true;
    }
    if (resolution.rows > 0) this.#parts.onStored(tenant);
    if (newest !== undefined && resolution.rows > 0) {
      const newestMs = kernel.stats(tenant.index).maxTimeMs;
      if (newestMs !== undefined) newest.raise(tenant.name, newestMs);
    }
    return true;
  }

  /** Goes on behind what was resolved: in the window, with the next one, or to the outcome. */
  #advance(job: Job, resolvedTo: number): void {
    const { settings } = this.#parts;
    const { payload, format } = job.batch;
    job.resolvedTo = resolvedTo;
    if (resolvedTo < job.to - job.from) return;
    if (job.to >= payload.length) {
      this.#acknowledge(job);
      return;
    }
    job.from = job.to;
    job.to = windowEnd(format, payload, {
      from: job.from,
      sizeBytesMax: settings.windowSizeBytesMax,
    });
    job.resolvedTo = 0;
    this.#inInput = undefined;
    this.#queue.rotate();
  }

  /** Answers when the log may be relied upon up to the state that the batch was judged against. */
  #acknowledge(job: Job): void {
    const { log } = this.#parts;
    this.#queue.finish();
    this.#inInput = undefined;
    const outcome: PushOutcome = {
      samplesStored: job.stored - job.histograms,
      histogramsStored: job.histograms,
      samplesDuplicate: job.duplicate,
      refusals: [...job.refusals.values()],
    };
    const answer = (synced: boolean): void => {
      if (synced) job.settle.resolve(outcome);
      else job.settle.reject(logUnavailable());
    };
    const synced = log.synced(log.position);
    if (typeof synced === "boolean") answer(synced);
    else void synced.then(answer);
  }

  #finish(job: Job, error: UrdError): void {
    this.#queue.finish();
    this.#inInput = undefined;
    job.settle.reject(error);
  }

  #unavailable(): UrdError | undefined {
    const { log, chunks } = this.#parts;
    if (chunks.backlogged) {
      chunks.drain();
      if (chunks.backlogged) return logUnavailable();
    }
    return log.mayTry() ? undefined : logUnavailable();
  }

  #bringIn(job: Job): void {
    if (this.#inInput === job) return;
    const window = job.batch.payload.subarray(job.from, job.to);
    this.#parts.kernel.input(window.length).set(window);
    this.#inInput = job;
  }

  #tenant(name: string): ShardTenant {
    const { tenants, limits, kernel, shards } = this.#parts;
    const tenant = tenants.findOrAdd(name);
    if (tenant.limitsEpoch !== limits.epoch) {
      kernel.setTenant(tenant.index, tenantRules(limits, name, shards));
      tenant.limitsEpoch = limits.epoch;
    }
    return defined(tenant, "the tenant");
  }
}

function newJob(batch: PushBatch, settings: ShardSettings, settle: Job["settle"]): Job {
  const { payload, format } = batch;
  const to = windowEnd(format, payload, { from: 0, sizeBytesMax: settings.windowSizeBytesMax });
  return {
    batch,
    from: 0,
    to,
    resolvedTo: 0,
    stored: 0,
    histograms: 0,
    duplicate: 0,
    refusals: new Map(),
    settle,
  };
}

function count(job: Job, resolution: Resolution): void {
  job.stored += resolution.rows + resolution.samplesDuplicate;
  job.histograms += resolution.histograms + resolution.histogramsDuplicate;
  job.duplicate += resolution.samplesDuplicate;
  for (const refusal of resolution.refusals) {
    const former = job.refusals.get(refusal.kind);
    job.refusals.set(
      refusal.kind,
      former === undefined
        ? { ...refusal, seriesOffsetBytes: job.from + refusal.seriesOffsetBytes }
        : { ...former, samples: former.samples + refusal.samples },
    );
  }
}

function malformed(fault: string, offsetBytes: number): string {
  return `The write request is malformed at byte ${offsetBytes}: ${fault.replaceAll("-", " ")}.`;
}

function logUnavailable(): UrdError {
  return urdError(
    "ingester-log-unavailable",
    "The write log cannot be written, most often because the disk is full. Nothing of this request is lost if it is sent again.",
    { retryAfterMs: 1000 },
  );
}

function overloaded(): UrdError {
  return urdError("shard-unavailable", "Too many batches wait for the ingest shard.", {
    retryAfterMs: 1000,
  });
}
