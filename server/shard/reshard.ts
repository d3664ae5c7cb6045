import type {
  FrontKernel,
  HeadSeries,
  HistogramMessage,
  ShardKernel,
  TenantRules,
} from "../kernel/index.ts";
import {
  createLimits,
  type Limits,
  multitenantDefaults,
  shardsOfTenant,
  type TenantOverrides,
} from "../limits/index.ts";
import { chunkEncodings } from "../model/index.ts";
import { assert, type Clock, defined } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import type { Vfs } from "../platform/vfs/index.ts";
import type { EncodedBytes } from "../tsdb/index.ts";
import type { Hole } from "./holes.ts";
import { inlineSyncer } from "./log/syncer.ts";
import { type Recovered, recoverShard } from "./recover.ts";
import { ReloadPayload } from "./reload-payload.ts";
import { mergeHistograms } from "./series-histograms.ts";
import { SeriesSamples } from "./series-samples.ts";
import type { ShardSettings } from "./settings.ts";
import { openShard, type Shard } from "./shard.ts";
import type { ShardTenant } from "./tenants.ts";
import { yieldTurn } from "./turn.ts";

/** What data is loaded again with. */
export interface ReshardOptions {
  readonly vfs: Vfs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Limits in force: they say how many shards a tenant uses. */
  readonly limits: Limits;
  readonly settings: ShardSettings;
  /** Directories of the old shards, which stay as they are, and of the new ones. */
  readonly from: readonly string[];
  readonly to: readonly string[];
  createKernel(): ShardKernel | Promise<ShardKernel>;
  createFrontKernel(): Promise<FrontKernel>;
}

/** Payload bytes that go through the router at once. */
const payloadSizeBytes = 512 << 10;
const seriesPerRead = 256;

/**
 * Reads every old shard and pushes its series through the router into new ones, as if they were
 * sent again, oldest sample first. When it returns the new shards are complete and synced.
 */
export async function reshard(options: ReshardOptions): Promise<void> {
  const { vfs, to } = options;
  const front = await options.createFrontKernel();
  const targets: Shard[] = [];
  try {
    for (const [shard, directory] of to.entries()) {
      vfs.makeDirectory(directory);
      targets.push(await openTarget(options, shard, directory));
    }
    const router = new Router(options, front, targets);
    for (const directory of options.from) await router.load(directory);
    for (const target of targets) {
      if (!(await target.sync())) throw new Error("the new shards cannot be written to disk");
    }
  } finally {
    for (const target of targets) await target.close();
  }
}

/**
 * Data that was taken once is taken again, whatever its age and the limits of today; only how it
 * is encoded is each tenant's choice.
 */
function reloadLimits({ state }: Limits): Limits {
  const { startTimestampsStored, floatsAsXor2 } = state.defaults;
  const defaults = {
    ...multitenantDefaults,
    startTimestampsStored,
    floatsAsXor2,
    seriesMax: 0,
    labelNamesMax: 0,
    labelNameSizeBytesMax: 0,
    labelValueSizeBytesMax: 0,
    outOfOrderWindowMs: Number.MAX_SAFE_INTEGER,
    nativeHistogramsEnabled: true,
    nativeHistogramBucketsMax: 0,
    futureGraceMs: Number.MAX_SAFE_INTEGER / 2,
  };
  const overrides = new Map<string, TenantOverrides>();
  for (const [tenant, chosen] of state.overrides) {
    const starts = chosen.startTimestampsStored ?? startTimestampsStored;
    const xor2 = chosen.floatsAsXor2 ?? floatsAsXor2;
    overrides.set(tenant, { startTimestampsStored: starts, floatsAsXor2: xor2 });
  }
  return createLimits({ defaults, overrides });
}

function openTarget(options: ReshardOptions, shard: number, directory: string): Promise<Shard> {
  const { settings } = options;
  return openShard({
    ...options,
    shard,
    shards: options.to.length,
    directory,
    syncer: inlineSyncer(options.vfs),
    limits: reloadLimits(options.limits),
    settings: { ...settings, log: { ...settings.log, syncMode: "interval" } },
    newest: undefined,
    onFatal: () => {},
  });
}

class Router {
  readonly #options: ReshardOptions;
  readonly #front: FrontKernel;
  readonly #targets: readonly Shard[];
  readonly #payload = new ReloadPayload();
  readonly #samples = new SeriesSamples();
  #holes = 0;

  constructor(options: ReshardOptions, front: FrontKernel, targets: readonly Shard[]) {
    this.#options = options;
    this.#front = front;
    this.#targets = targets;
  }

  /** Loads one old shard. */
  async load(directory: string): Promise<void> {
    const old = await recoverShard({
      ...this.#options,
      directory,
      createKernel: () => this.#options.createKernel(),
      introduce: (kernel, tenant) => {
        kernel.setTenant(tenant.index, replayRules(this.#options.limits, tenant.name));
      },
      pause: yieldTurn,
    });
    try {
      for (const hole of old.holes.all) this.#passOn(hole);
      for (const tenant of old.tenants.all) await this.#loadTenant(old, tenant);
    } finally {
      old.chunks.close();
    }
  }

  /** Every new shard may hold what was lost; positions only tell holes apart. */
  #passOn(hole: Hole): void {
    this.#holes++;
    for (const target of this.#targets) {
      target.addHole({ ...hole, position: -this.#holes, tenant: 0 });
    }
  }

  async #loadTenant(old: Recovered, tenant: ShardTenant): Promise<void> {
    const { kernel } = old;
    const labels = new LabelBytes(kernel, tenant.index);
    const refs = kernel.postings(tenant.index, 0);
    for (let from = 0; from < refs.length; from += seriesPerRead) {
      old.chunks.drain();
      const piece = refs.subarray(from, from + seriesPerRead);
      for (const series of kernel.read(piece, minTimeMs, maxTimeMs)) {
        this.#addSeries(old, labels.of(series), series);
        if (this.#payload.sizeBytes >= payloadSizeBytes) await this.#send(tenant.name);
      }
    }
    await this.#send(tenant.name);
  }

  #addSeries(old: Recovered, labels: readonly Uint8Array[], series: HeadSeries): void {
    const floats: EncodedBytes[] = [];
    const histograms: HistogramMessage[][] = [];
    for (const chunk of series.chunks) {
      const bytes = chunk.bytes ?? old.chunks.read(chunk);
      const { xor, xor2 } = chunkEncodings;
      if (chunk.encoding === xor) floats.push({ encoding: xor, bytes });
      else if (chunk.encoding === xor2) floats.push({ encoding: xor2, bytes });
      else {
        const messages = old.kernel.histogramMessages(bytes, chunk.encoding);
        histograms.push(defined(messages, "the histograms of a chunk"));
      }
    }
    this.#payload.add(labels, this.#samples.read(floats), mergeHistograms(histograms));
  }

  async #send(tenant: string): Promise<void> {
    if (this.#payload.sizeBytes === 0) return;
    const payload = this.#payload.take();
    const { seriesMax } = this.#options.limits.limitsFor(tenant);
    const shards = shardsOfTenant(tenant, { seriesMax, shards: this.#targets.length });
    if (shards.length === 1) {
      await this.#push(tenant, { shard: shards[0], payload });
      return;
    }
    const front = this.#front;
    const region = defined(front.allocate(payload.length), "memory for the router");
    region.bytes.set(payload);
    assert(!("fault" in front.scan(1, region)), "a payload made here is well-formed");
    const parts = defined(front.split(1, region, tenant, shards.length), "memory for the router");
    for (const [i, part] of parts.entries()) {
      if (part === undefined) continue;
      await this.#push(tenant, { shard: shards[i], payload: part.bytes });
      front.release(part);
    }
    front.release(region);
  }

  async #push(
    tenant: string,
    part: { readonly shard: number | undefined; readonly payload: Uint8Array },
  ): Promise<void> {
    const target = defined(this.#targets[part.shard ?? -1], "a new shard");
    const outcome = await target.push({ tenant, format: 1, payload: part.payload });
    const [refusal] = outcome.refusals;
    if (refusal !== undefined) {
      throw new Error(
        `${refusal.samples} samples of tenant ${tenant} do not fit into the new shards (${refusal.kind}); start with the former number of shards`,
      );
    }
  }
}

/** Bounds of time that fit into every format on the way. */
const maxTimeMs = Number.MAX_SAFE_INTEGER;
const minTimeMs = -maxTimeMs;

/** What an old kernel judges by does not matter: it only replays. How it encodes does. */
function replayRules(limits: Limits, tenant: string): TenantRules {
  const { startTimestampsStored, floatsAsXor2 } = limits.limitsFor(tenant);
  return {
    seriesMax: 0,
    labelNamesMax: 0,
    labelNameSizeBytesMax: 0,
    labelValueSizeBytesMax: 0,
    outOfOrderWindowMs: 0,
    nativeHistogramsEnabled: true,
    nativeHistogramBucketsMax: 0,
    startTimestampsStored,
    floatsAsXor2,
  };
}

/** Label bytes of one tenant's series. */
class LabelBytes {
  readonly #kernel: ShardKernel;
  readonly #tenant: number;
  readonly #known = new Map<number, readonly [Uint8Array, Uint8Array]>();

  constructor(kernel: ShardKernel, tenant: number) {
    this.#kernel = kernel;
    this.#tenant = tenant;
  }

  of(series: HeadSeries): Uint8Array[] {
    const labels: Uint8Array[] = [];
    for (const id of series.pairIds) labels.push(...this.#pair(id));
    return labels;
  }

  #pair(id: number): readonly [Uint8Array, Uint8Array] {
    let pair = this.#known.get(id);
    if (pair === undefined) {
      const [found] = this.#kernel.pairs(this.#tenant, id - 1, 1);
      const bytes = defined(found?.id === id ? found : undefined, "a series' label pair");
      pair = [bytes.name.slice(), bytes.value.slice()];
      if (this.#known.size >= pairsKnownMax) this.#known.clear();
      this.#known.set(id, pair);
    }
    return pair;
  }
}

const pairsKnownMax = 100_000;
