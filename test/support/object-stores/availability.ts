import type { TestContext } from "vitest";

/** Something that tests need, or the reason why it is not to be had here. */
export type Availability<T> = { readonly value: T } | { readonly reason: string };

/** A store is fetched and installed by the first test that needs it. */
export const startTimeoutMs = 1_500_000;

/** The value of what a test was not skipped for. */
export function theValue<T>(found: Availability<T>): T {
  if ("reason" in found) throw new Error(found.reason);
  return found.value;
}

/** Turns the failure to fetch or start something into the reason why it is not to be had. */
export async function available<T>(make: () => Promise<T> | T): Promise<Availability<T>> {
  try {
    return { value: await make() };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { reason: text.trim().split("\n").slice(-3).join(" / ").slice(0, 400) };
  }
}

/** Skips the test that runs, saying why; URD_REQUIRE with `requirement` makes that a failure. */
export function skipUnlessAvailable(
  context: TestContext,
  requirement: string,
  found: Availability<unknown> | undefined,
): void {
  if (found !== undefined && "reason" in found) {
    context.skip(`needs ${requirement}: ${found.reason}`);
  }
}
