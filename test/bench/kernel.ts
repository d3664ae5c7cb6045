import {
  createFrontKernel,
  createShardKernel,
  type FrontKernel,
  type Region,
  type ShardKernel,
} from "../../server/kernel/index.ts";
import { seededPrng } from "../../server/platform/base/index.ts";
import { Payload } from "../support/load/payload.ts";
import type { BenchOptions } from "./index.ts";

const startMs = 1_700_000_000_000;
const stepMs = 15_000;
const steps = ["uncompress", "scan", "copy", "resolve", "record", "apply"] as const;

/** Nanoseconds of CPU that each step took, summed over a round: others may load the machine. */
type Round = Record<(typeof steps)[number], number>;

/** The kernels alone, in one thread, on the load of the other benchmarks. */
export async function benchKernel(options: BenchOptions): Promise<void> {
  const series = options.number("series", 200_000);
  const rounds = options.number("rounds", 30);
  const version = options.number("version", 1) === 2 ? 2 : 1;
  const payloads = makePayloads(series, version, options.flag("shuffled"));
  const front = await createFrontKernel();
  const shard = await createShardKernel();
  shard.setChunksPosition({ file: 1, offsetBytes: 0 });
  shard.setTenant(1, {
    seriesMax: 0,
    labelNamesMax: 30,
    labelNameSizeBytesMax: 1024,
    labelValueSizeBytesMax: 2048,
    outOfOrderWindowMs: 7_200_000,
    nativeHistogramsEnabled: true,
    nativeHistogramBucketsMax: 0,
    startTimestampsStored: false,
    floatsAsXor2: false,
  });
  const bench = new KernelBench({ front, shard }, payloads, version);
  const sums: Round[] = [];
  for (let round = 0; round < rounds; round++) sums.push(bench.round(startMs + round * stepMs));
  const stats = shard.totalStats();
  const report = {
    version,
    series: stats.series,
    rawSizeBytes: payloads[0]?.rawSizeBytes,
    samplesPerSeries: rounds,
    firstSeenNs: perSample(sums[0] as Round, series),
    knownNs: perSample(medianRound(sums.slice(2)), series),
    bytesPerSeries: Math.round(stats.sizeBytes / stats.series),
  };
  console.log(options.json ? JSON.stringify(report) : report);
}

function makePayloads(series: number, version: 1 | 2, shuffled: boolean): Payload[] {
  const numbers = Int32Array.from({ length: series }, (_, i) => i);
  const prng = seededPrng(7);
  for (let i = series - 1; shuffled && i > 0; i--) {
    const j = prng.below(i + 1);
    [numbers[i], numbers[j]] = [numbers[j] as number, numbers[i] as number];
  }
  const payloads: Payload[] = [];
  for (let from = 0; from < series; from += 2000) {
    const part = numbers.slice(from, from + 2000);
    payloads.push(new Payload({ version, series: part, generation: 0, seed: from + 1 }));
  }
  return payloads;
}

class KernelBench {
  readonly #front: FrontKernel;
  readonly #shard: ShardKernel;
  readonly #payloads: readonly Payload[];
  readonly #version: 1 | 2;

  constructor(
    kernels: { readonly front: FrontKernel; readonly shard: ShardKernel },
    payloads: readonly Payload[],
    version: 1 | 2,
  ) {
    this.#front = kernels.front;
    this.#shard = kernels.shard;
    this.#payloads = payloads;
    this.#version = version;
  }

  /** Sends every payload once. */
  round(timeMs: number): Round {
    const sum: Round = { uncompress: 0, scan: 0, copy: 0, resolve: 0, record: 0, apply: 0 };
    for (const payload of this.#payloads) {
      payload.advance(timeMs);
      this.#push(payload, sum, timeMs);
    }
    while (this.#shard.outboxSizeBytes() > 0) {
      this.#shard.outboxWritten(this.#shard.outbox().length);
    }
    return sum;
  }

  #push(payload: Payload, sum: Round, timeMs: number): void {
    const source = this.#front.allocate(payload.body.length) as Region;
    source.bytes.set(payload.body);
    const target = this.#front.allocate(payload.rawSizeBytes) as Region;
    const done = timed(sum, "uncompress", () =>
      this.#front.uncompress(source, payload.body.length, target),
    );
    if (!done) throw new Error("a payload is not snappy");
    timed(sum, "scan", () => this.#front.scan(this.#version, target));
    const size = target.bytes.length;
    timed(sum, "copy", () => this.#shard.input(size).set(target.bytes));
    for (let offsetBytes = 0; offsetBytes < size; ) {
      const found = timed(sum, "resolve", () =>
        this.#shard.resolve({
          tenant: 1,
          format: this.#version,
          sizeBytes: size,
          offsetBytes,
          timeMsMax: timeMs + 600_000,
          newestMs: 0,
        }),
      );
      if ("fault" in found || found.refusals.length > 0) throw new Error(JSON.stringify(found));
      timed(sum, "record", () => this.#shard.record());
      timed(sum, "apply", () => this.#shard.apply());
      offsetBytes = found.nextOffsetBytes;
    }
    this.#front.release(source);
    this.#front.release(target);
  }
}

function timed<T>(sum: Round, step: keyof Round, run: () => T): T {
  const from = process.threadCpuUsage();
  const result = run();
  const used = process.threadCpuUsage(from);
  sum[step] += (used.user + used.system) * 1000;
  return result;
}

function medianRound(rounds: readonly Round[]): Round {
  const median = (step: keyof Round): number => {
    const sorted = rounds.map((round) => round[step]).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  };
  return Object.fromEntries(steps.map((step) => [step, median(step)])) as Round;
}

function perSample(round: Round, samples: number): Record<string, number> {
  const each = steps.map((step) => [step, Math.round(round[step] / samples)] as const);
  const inShard = round.resolve + round.record + round.apply;
  return { ...Object.fromEntries(each), resolveRecordApply: Math.round(inShard / samples) };
}
