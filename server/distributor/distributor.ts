import type { FrontKernel, PayloadFormat, Region } from "../kernel/index.ts";
import { type Limits, shardsOfTenant, type TenantLimits } from "../limits/index.ts";
import { assert, type Clock } from "../platform/base/index.ts";
import { asUrdError } from "../platform/rpc/index.ts";
import type { MetricRegistry } from "../platform/telemetry/index.ts";
import { type Admission, createAdmission, type InstanceLimits } from "./admission.ts";
import { BodyWriter } from "./body.ts";
import { type BodyEncoding, decodeBody } from "./decode.ts";
import { inspect } from "./inspect.ts";
import { createDistributorMetrics, type DistributorMetrics } from "./metrics.ts";
import { nothingStored, type PushOutcome } from "./outcome.ts";
import { createRateLimits, type RateLimits } from "./rate-limit.ts";
import { Scratch } from "./scratch.ts";
import {
  type IngesterClient,
  type InspectedPush,
  pushToShards,
  type ShardPart,
  splitByShard,
} from "./shard-push.ts";

/**
 * The life of a push:
 *   1. begin     a place among those in flight, the tenant's request rate, memory for the body
 *   2. write     the body's bytes, chunk by chunk, into kernel memory
 *   3. decode    to the uncompressed message, its size checked before memory is spent
 *   4. inspect   the whole message once: well-formed, and how much is in it
 *   5. admit     the tenant's sample rate: all of it or a 429
 *   6. split     by shard, when the tenant uses several
 *   7. push      to the shards, by reference; their answers make the outcome
 * Whatever happens, memory and place go back exactly once, when no shard reads any more.
 */

/** What is known of a push before its body. */
export interface PushHead {
  /** Checked by whoever authenticated the caller. */
  readonly tenant: string;
  readonly format: PayloadFormat;
  readonly encoding: BodyEncoding;
  /** Size of the body as it comes, when the sender declared it. */
  readonly declaredSizeBytes: number | undefined;
}

/** A push whose body is on its way. End it with `finish` or `abort`. */
export interface IncomingPush {
  /** Takes a chunk of the body; it is copied. Throws UrdError, and the push is over then. */
  write(chunk: Uint8Array): void;
  /** Stores what came. Throws UrdError when nothing was stored; else the outcome tells. */
  finish(): Promise<PushOutcome>;
  /** The sender went away, or is refused: nothing is stored. No effect after `finish`. */
  abort(): void;
}

/** Takes pushes of all tenants and hands them to the shards. */
export interface Distributor {
  /** Lets a push in before its body is read. Throws UrdError when it is refused. */
  begin(head: PushHead): IncomingPush;
  readonly admission: Admission;
}

/** What a distributor works with. */
export interface DistributorOptions {
  readonly frontKernel: FrontKernel;
  /** One client per ingest shard, in the order of the shards. */
  readonly ingesters: readonly IngesterClient[];
  readonly limits: Limits;
  readonly instanceLimits: InstanceLimits;
  /** After this long without an answer of a shard the sender gets a 503. */
  readonly pushTimeoutMs: number;
  readonly clock: Clock;
  readonly metrics: MetricRegistry;
}

interface Parts {
  readonly options: DistributorOptions;
  readonly admission: Admission;
  readonly rates: RateLimits;
  readonly metrics: DistributorMetrics;
}

/** A distributor; it holds nothing that needs an end. */
export function createDistributor(options: DistributorOptions): Distributor {
  assert(options.ingesters.length > 0, "a distributor needs an ingester");
  const admission = createAdmission(options.instanceLimits);
  const parts: Parts = {
    options,
    admission,
    rates: createRateLimits(options.limits, options.clock),
    metrics: createDistributorMetrics(options.metrics, admission),
  };
  return { admission, begin: (head) => begin(parts, head) };
}

function begin(parts: Parts, head: PushHead): IncomingPush {
  const { options, admission, rates, metrics } = parts;
  let scratch: Scratch | undefined;
  try {
    scratch = new Scratch(options.frontKernel, admission.enter());
    rates.admitRequest(head.tenant);
    const body = new BodyWriter(scratch, {
      declaredSizeBytes: head.declaredSizeBytes,
      sizeBytesMax: options.limits.limitsFor(head.tenant).writeMessageSizeBytesMax,
    });
    return new Push(parts, head, { scratch, body });
  } catch (error) {
    scratch?.close();
    metrics.refused(asUrdError(error).id);
    throw error;
  }
}

class Push implements IncomingPush {
  readonly #parts: Parts;
  readonly #head: PushHead;
  readonly #scratch: Scratch;
  readonly #body: BodyWriter;
  #open = true;
  /** Shards read the payload; the memory goes back when they are done. */
  #lent = false;

  constructor(parts: Parts, head: PushHead, held: { scratch: Scratch; body: BodyWriter }) {
    this.#parts = parts;
    this.#head = head;
    this.#scratch = held.scratch;
    this.#body = held.body;
  }

  write(chunk: Uint8Array): void {
    assert(this.#open, "a push was written to after its end");
    try {
      this.#body.write(chunk);
    } catch (error) {
      this.#refuse(error);
    }
  }

  async finish(): Promise<PushOutcome> {
    assert(this.#open, "a push was finished after its end");
    this.#open = false;
    try {
      const decoded = this.#decode();
      // No turn of the event loop for what is there already: a stream's pushes keep their order.
      const payload = decoded instanceof Promise ? await decoded : decoded;
      if (payload === undefined) {
        this.#scratch.close();
        return nothingStored;
      }
      return await this.#send(...this.#cut(payload));
    } catch (error) {
      return this.#refuse(error);
    }
  }

  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#scratch.close();
  }

  #decode(): Promise<Region | undefined> | Region | undefined {
    const context = {
      kernel: this.#parts.options.frontKernel,
      scratch: this.#scratch,
      sizeBytesMax: this.#limits().writeMessageSizeBytesMax,
    };
    return decodeBody(context, this.#head.encoding, this.#body.finish());
  }

  #cut(payload: Region): [InspectedPush, readonly ShardPart[]] {
    const { options, rates, metrics } = this.#parts;
    const { tenant, format } = this.#head;
    const counts = inspect(options.frontKernel, format, payload);
    metrics.received(counts);
    rates.admitRows(tenant, counts);
    const shards = shardsOfTenant(tenant, {
      seriesMax: this.#limits().seriesMax,
      shards: options.ingesters.length,
    });
    const { series, exemplars, metadata } = counts;
    const push = { tenant, format, payload, series, exemplars, metadata };
    const context = { kernel: options.frontKernel, scratch: this.#scratch };
    return [push, splitByShard(context, push, shards)];
  }

  #send(push: InspectedPush, parts: readonly ShardPart[]): Promise<PushOutcome> {
    const { ingesters, clock, pushTimeoutMs } = this.#parts.options;
    const sent = pushToShards({ ingesters, clock, timeoutMs: pushTimeoutMs }, push, parts);
    this.#lent = true;
    void sent.settled.then(() => this.#scratch.close());
    return sent.outcome.then((outcome) => {
      this.#parts.metrics.finished(outcome);
      return outcome;
    });
  }

  #limits(): TenantLimits {
    return this.#parts.options.limits.limitsFor(this.#head.tenant);
  }

  #refuse(error: unknown): never {
    this.#open = false;
    if (!this.#lent) this.#scratch.close();
    const refusal = asUrdError(error);
    this.#parts.metrics.refused(refusal.id);
    throw refusal;
  }
}
