import type { WriteOutcome as WireOutcome } from "../../gen/urd/push/v1/push_pb.ts";
import { errorOfDetail, type UrdClientError } from "./errors.ts";

/** Samples that were refused for one reason. */
export interface RefusedSamples {
  /** The reason, with an example series. Trying again would not help. */
  readonly error: UrdClientError;
  readonly samples: number;
}

/** What became of samples that the server judged. Stored samples survive its crash. */
export interface WriteOutcome {
  /** Now stored, those that were stored already with the same value included. */
  readonly samplesStored: number;
  /** Part of samplesStored: the same time and value were there already. */
  readonly samplesDuplicate: number;
  readonly samplesRefused: number;
  /** By reason, at most 32 for each batch. */
  readonly refused: readonly RefusedSamples[];
}

/** What became of one batch: judged, or failed as a whole. */
export type BatchOutcome =
  | (WriteOutcome & { readonly kind: "judged"; readonly samples: number })
  | { readonly kind: "failed"; readonly samples: number; readonly error: UrdClientError };

/** Nothing written, nothing refused. */
export const emptyOutcome: WriteOutcome = {
  samplesStored: 0,
  samplesDuplicate: 0,
  samplesRefused: 0,
  refused: [],
};

/** What the server said of a batch. */
export function outcomeOf(wire: WireOutcome | undefined): WriteOutcome {
  if (wire === undefined) return emptyOutcome;
  return {
    samplesStored: Number(wire.samplesStored),
    samplesDuplicate: Number(wire.samplesDuplicate),
    samplesRefused: Number(wire.samplesRefused),
    refused: wire.refused.flatMap(({ error, samples }) =>
      error === undefined
        ? []
        : [{ error: errorOfDetail(error, { code: "INVALID_ARGUMENT" }), samples: Number(samples) }],
    ),
  };
}

/** Two outcomes as one; reasons stay apart. */
export function joinOutcomes(one: WriteOutcome, other: WriteOutcome): WriteOutcome {
  return {
    samplesStored: one.samplesStored + other.samplesStored,
    samplesDuplicate: one.samplesDuplicate + other.samplesDuplicate,
    samplesRefused: one.samplesRefused + other.samplesRefused,
    refused: [...one.refused, ...other.refused],
  };
}
