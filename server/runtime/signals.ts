import type { Clock } from "../platform/base/index.ts";

/** What signals come from: the process, or a test's stand-in. */
export interface SignalSource {
  on(signal: "SIGINT" | "SIGTERM", listener: () => void): unknown;
}

/**
 * npm passes a signal on that the terminal has already sent to the whole group: what comes this
 * soon after the first is the same wish, not a second one.
 */
const sameWishMs = 500;

/** Calls `onFirst` for the first SIGINT or SIGTERM, `onSecond` for each later wish to stop. */
export function watchSignals(
  source: SignalSource,
  clock: Clock,
  on: { readonly first: () => void; readonly second: () => void },
): void {
  let firstMs: number | undefined;
  const onSignal = (): void => {
    const nowMs = clock.monotonicMs();
    if (firstMs === undefined) {
      firstMs = nowMs;
      on.first();
    } else if (nowMs - firstMs > sameWishMs) {
      on.second();
    }
  };
  source.on("SIGINT", onSignal);
  source.on("SIGTERM", onSignal);
}
