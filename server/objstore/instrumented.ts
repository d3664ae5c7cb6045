import { type Clock, UrdError } from "../platform/base/index.ts";
import { aroundCalls, type PassingCall } from "./around-calls.ts";
import type { Bucket, BucketCall } from "./bucket.ts";
import type { BucketMetrics, BucketOutcome } from "./metrics.ts";

/** The same bucket, counted: each attempt when it stands inside of `retrying`. */
export function instrumented(
  bucket: Bucket,
  world: { clock: Clock; metrics: BucketMetrics },
): Bucket {
  const { clock, metrics } = world;
  return aroundCalls(bucket, async <T>(passing: PassingCall<T>): Promise<T> => {
    const startMs = clock.monotonicMs();
    const end = (outcome: BucketOutcome, receivedBytes: number): void => {
      const durationMs = clock.monotonicMs() - startMs;
      const { operation, sentBytes } = passing;
      metrics.attempted(operation, { outcome, durationMs, sentBytes, receivedBytes });
    };
    try {
      const result = await passing.run(passing.call);
      end("ok", passing.receivedBytes(result));
      return result;
    } catch (error) {
      end(outcomeOf(error, passing.call), 0);
      throw error;
    }
  });
}

function outcomeOf(error: unknown, call: BucketCall): BucketOutcome {
  if (call.signal?.aborted === true && error === call.signal.reason) return "aborted";
  return error instanceof UrdError && error.entry.retryable ? "failed" : "refused";
}
