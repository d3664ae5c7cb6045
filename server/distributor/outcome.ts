import type { PushResponse } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { UrdError } from "../platform/base/index.ts";
import { errorOfDetail } from "../wire/index.ts";

/** Samples that were refused for one reason. */
export interface RefusedSamples {
  /** The reason, with a series as example. */
  readonly error: UrdError;
  /** Samples and histograms refused for it. */
  readonly samples: number;
}

/** What became of a push. Its counts hold even when a part of it failed. */
export interface PushOutcome {
  /** Float samples in the log, duplicates included. */
  readonly samplesStored: number;
  /** Native histogram samples, likewise. */
  readonly histogramsStored: number;
  readonly exemplarsStored: number;
  /** Of the stored ones, those that were there already with the same value. */
  readonly samplesDuplicate: number;
  /** One entry per reason, at most 32; the first is the one to show when only one can be. */
  readonly refused: readonly RefusedSamples[];
  /** Why a part is not stored at all; it weighs more than what was refused. */
  readonly failure: UrdError | undefined;
}

/** What becomes of a push that holds nothing. */
export const nothingStored: PushOutcome = {
  samplesStored: 0,
  histogramsStored: 0,
  exemplarsStored: 0,
  samplesDuplicate: 0,
  refused: [],
  failure: undefined,
};

const reasonsMax = 32;

/** The outcome that one shard told. */
export function outcomeOf(response: PushResponse): PushOutcome {
  return {
    samplesStored: Number(response.samplesStored),
    histogramsStored: Number(response.histogramsStored),
    exemplarsStored: Number(response.exemplarsStored),
    samplesDuplicate: Number(response.samplesDuplicate),
    refused: response.refusals.flatMap(({ error, samples }) =>
      error === undefined ? [] : [{ error: errorOfDetail(error), samples: Number(samples) }],
    ),
    failure: undefined,
  };
}

/** The outcome of a shard that could not be asked, or failed as a whole. */
export function outcomeOfFailure(failure: UrdError): PushOutcome {
  return { ...nothingStored, failure };
}

/**
 * Adds up what the shards told. Reasons are joined by id, with the first one's example. Of
 * several failures a server's (5xx) weighs more than a client's: the sender must try again.
 */
export function mergeOutcomes(outcomes: readonly PushOutcome[]): PushOutcome {
  const [only] = outcomes;
  if (outcomes.length === 1 && only !== undefined) return only;
  const reasons = new Map<string, RefusedSamples>();
  let merged = nothingStored;
  for (const outcome of outcomes) {
    merged = {
      samplesStored: merged.samplesStored + outcome.samplesStored,
      histogramsStored: merged.histogramsStored + outcome.histogramsStored,
      exemplarsStored: merged.exemplarsStored + outcome.exemplarsStored,
      samplesDuplicate: merged.samplesDuplicate + outcome.samplesDuplicate,
      refused: [],
      failure: weightier(merged.failure, outcome.failure),
    };
    for (const { error, samples } of outcome.refused) {
      const known = reasons.get(error.id);
      if (known === undefined && reasons.size >= reasonsMax) continue;
      reasons.set(error.id, {
        error: known?.error ?? error,
        samples: samples + (known?.samples ?? 0),
      });
    }
  }
  return { ...merged, refused: [...reasons.values()] };
}

function weightier(a: UrdError | undefined, b: UrdError | undefined): UrdError | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.entry.http < 500 && b.entry.http >= 500 ? b : a;
}

/** Samples and histograms that were refused. */
export function samplesRefused(outcome: PushOutcome): number {
  return outcome.refused.reduce((sum, { samples }) => sum + samples, 0);
}
