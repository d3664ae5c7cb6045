import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { type Prng, seededPrng } from "../../server/platform/base/index.ts";
import { readStoredSamples, type StoredTenant } from "../support/stored-samples.ts";
import { ask, difference, hasHistogram, type Question, questions } from "./answers.ts";
import type { SeriesSamples } from "./ledger.ts";
import { Scene, type ScenePrograms, sceneTenants } from "./scene.ts";

/** How long a run lasts and how often Urd is killed in it. */
export interface RealInputOptions {
  readonly durationMs: number;
  readonly kills: number;
  /** Flags of Urd in general. */
  readonly flags: readonly string[];
  /** Flags instead of those for one restart and from then on, such as another shard count. */
  readonly changedFlags?: readonly string[];
  /** Prometheus scrapes native histograms and writes them. */
  readonly nativeHistograms?: boolean;
  readonly seed: number;
}

/** What a run came to. */
export interface RealInputReport {
  readonly acknowledgedBatches: number;
  readonly acknowledgedSamples: number;
  readonly storedSamples: number;
  /** Late samples that equal one of a sealed chunk; readers merge them. */
  readonly lateTwins: number;
  readonly questions: number;
  /** Questions to which Prometheus's answer has native histograms. */
  readonly histogramAnswers: number;
  readonly kills: number;
}

/**
 * Lets a real Prometheus write for a while, kills Urd at random moments, and then checks three
 * things: the answers to sixty questions equal Prometheus's, every sample that Prometheus holds
 * is in Urd, and every acknowledged sample is stored exactly once with its bits.
 */
export async function runRealInput(
  programs: ScenePrograms,
  options: RealInputOptions,
): Promise<RealInputReport> {
  const { flags: urdFlags, nativeHistograms = false } = options;
  const scene = await Scene.start(programs, { urdFlags, nativeHistograms });
  try {
    const began = Date.now();
    await killAtRandom(scene, options);
    await delay(Math.max(0, began + options.durationMs - Date.now()));
    const endMs = Math.floor(Date.now() / 1000) * 1000 - 3000;
    const spanMs = Math.min(endMs - began, options.durationMs) - 1000;
    await waitUntilWritten(scene, endMs);
    const asked = await compareAnswers(
      scene,
      questions(endMs, Math.min(spanMs, 120_000), { nativeHistograms }),
    );
    await compareSeries(scene, { endMs, spanMs });
    await scene.stopPrometheus();
    await scene.killUrd();
    const stored = await readStoredSamples(scene.dataDir, sceneTenants);
    const acknowledgedSamples = compareLedger(scene.proxy.acknowledged, stored);
    return {
      acknowledgedBatches: scene.proxy.counts.acknowledged,
      acknowledgedSamples,
      storedSamples: [...stored.values()].reduce((sum, tenant) => sum + tenant.samples, 0),
      lateTwins: [...stored.values()].reduce((sum, tenant) => sum + tenant.lateTwins, 0),
      ...asked,
      kills: options.kills,
    };
  } finally {
    await scene.end();
  }
}

async function killAtRandom(scene: Scene, options: RealInputOptions): Promise<void> {
  const prng = seededPrng(options.seed);
  const pauseMs = options.kills === 0 ? 0 : (options.durationMs * 0.8) / options.kills;
  let flags = options.flags;
  for (let kill = 0; kill < options.kills; kill++) {
    await delay(pauseMs * (0.2 + 0.6 * prng.next()));
    if (kill % 3 === 1) await nextAcknowledged(scene, prng);
    if (kill === Math.floor(options.kills / 2)) flags = options.changedFlags ?? flags;
    await scene.killAndRestart(flags);
  }
}

/** Waits for an acknowledgement and at most 3 ms more: the moment at which a loss would show. */
async function nextAcknowledged(scene: Scene, prng: Prng): Promise<void> {
  await Promise.race([
    new Promise<void>((resolve) => {
      scene.proxy.onAcknowledged = resolve;
    }),
    delay(3000),
  ]);
  scene.proxy.onAcknowledged = undefined;
  await delay(prng.below(4));
}

/** Waits until both tenants hold as many samples of the last second as Prometheus itself. */
async function waitUntilWritten(scene: Scene, endMs: number): Promise<void> {
  const question = { kind: "instant", query: 'count({__name__=~".+"})', timeMs: endMs } as const;
  const count = async (base: string, tenant?: string): Promise<string> =>
    JSON.stringify((await ask(base, question, tenant)).data?.result);
  const expected = await count(scene.prometheus.url);
  for (const tenant of sceneTenants) {
    for (let attempt = 0; (await count(scene.urdUrl, tenant)) !== expected; attempt++) {
      expect(attempt, `${tenant} never got all samples`).toBeLessThan(300);
      await delay(100);
    }
  }
}

async function compareAnswers(
  scene: Scene,
  all: readonly Question[],
): Promise<{ readonly questions: number; readonly histogramAnswers: number }> {
  let histogramAnswers = 0;
  const differences: string[] = [];
  for (const question of all) {
    const expected = await ask(scene.prometheus.url, question);
    if (hasHistogram(expected)) histogramAnswers++;
    for (const tenant of sceneTenants) {
      const found = difference(expected, await ask(scene.urdUrl, question, tenant));
      if (found !== undefined) differences.push(`${tenant} ${question.query}: ${found}`);
    }
  }
  expect(differences).toEqual([]);
  return { questions: all.length, histogramAnswers };
}

/** Every sample of every series that Prometheus gives out, metric by metric. */
async function compareSeries(scene: Scene, at: { endMs: number; spanMs: number }): Promise<void> {
  const response = await fetch(`${scene.prometheus.url}/api/v1/label/__name__/values`);
  const names = ((await response.json()) as { data: string[] }).data;
  const differences: string[] = [];
  const compare = async (name: string): Promise<void> => {
    const query = `${name}[${Math.max(1, Math.floor(at.spanMs / 1000))}s]`;
    const question = { kind: "instant", query, timeMs: at.endMs } as const;
    const expected = await ask(scene.prometheus.url, question);
    for (const tenant of sceneTenants) {
      const found = difference(expected, await ask(scene.urdUrl, question, tenant));
      if (found !== undefined) differences.push(`${tenant} ${query}: ${found}`);
    }
  };
  const lane = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) await compare(name);
  };
  await Promise.all(Array.from({ length: 6 }, lane));
  expect(differences).toEqual([]);
}

/** Nothing acknowledged is missing or changed, and nothing is stored twice; returns the count. */
function compareLedger(
  ledger: ReadonlyMap<string, SeriesSamples>,
  stored: ReadonlyMap<string, StoredTenant>,
): number {
  const faults: string[] = [];
  let samples = 0;
  for (const [tenant, series] of ledger) {
    for (const [text, expected] of series) {
      const actual = stored.get(tenant)?.series.get(text);
      for (const [timeMs, bits] of expected) {
        samples++;
        const found = actual?.get(timeMs);
        if (found !== bits && faults.length < 20) {
          faults.push(`${tenant} ${text} at ${timeMs}: ${found}, acknowledged ${bits}`);
        }
      }
    }
  }
  expect(faults).toEqual([]);
  expect([...stored].map(([tenant, { doubled }]) => [tenant, doubled])).toEqual(
    [...stored.keys()].map((tenant) => [tenant, 0]),
  );
  return samples;
}
