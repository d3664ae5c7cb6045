import { type Clock, errorText, sleep } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import { type ModuleName, modules } from "./modules.ts";
import type { Readiness } from "./readiness.ts";

/** A module of the process, made but not started. */
export interface Module {
  /** Resolves when it serves. Called once. */
  start(): Promise<void>;
  /** Finishes what is under way and lets go of everything. Called once, also when `start` failed. */
  stop(): Promise<void>;
}

/** What starting and stopping needs. */
export interface StartStopOptions {
  readonly modules: ReadonlyMap<ModuleName, Module>;
  readonly readiness: Readiness;
  readonly clock: Clock;
  readonly logger: Logger;
  /** After this time a module that does not stop is left behind. */
  readonly stopTimeoutMs: number;
}

/**
 * Starts each module as soon as all that it needs serves, independent ones side by side. When
 * one fails, no further one is started, those that were are stopped, and the failure is thrown.
 */
export async function startModules(options: StartStopOptions): Promise<void> {
  const started = new Map<ModuleName, Promise<void>>();
  let failed = false;
  const start = (name: ModuleName): Promise<void> => {
    const known = started.get(name);
    if (known !== undefined) return known;
    const own = (async () => {
      await Promise.all(modules[name].filter((n) => options.modules.has(n)).map(start));
      if (!failed) await startOne(name, options);
    })();
    started.set(name, own);
    return own;
  };
  const results = await Promise.allSettled(
    [...options.modules.keys()].map((name) =>
      start(name).catch((error: unknown) => {
        failed = true;
        throw error;
      }),
    ),
  );
  const failure = results.find((result) => result.status === "rejected");
  if (failure === undefined) return;
  await stopModules(options);
  throw failure.reason;
}

async function startOne(name: ModuleName, options: StartStopOptions): Promise<void> {
  const { readiness, clock, logger } = options;
  readiness.set(name, "starting");
  const beganMs = clock.monotonicMs();
  await options.modules.get(name)?.start();
  readiness.set(name, "serving");
  logger.debug(`${name} serves`, { after_ms: Math.round(clock.monotonicMs() - beganMs) });
}

/**
 * Stops every module that was started, each once all that need it have stopped. A module that
 * fails to stop or takes too long is reported and left behind; true when there was none.
 */
export async function stopModules(options: StartStopOptions): Promise<boolean> {
  let clean = true;
  for (const name of stopOrder([...options.modules.keys()])) {
    const state = options.readiness.states().get(name);
    if (state !== "serving" && state !== "starting") continue;
    options.readiness.set(name, "stopping");
    const fault = await stopOne(options.modules.get(name), options);
    if (fault !== undefined) {
      clean = false;
      options.logger.error(`${name} did not stop cleanly`, { fault });
    }
    options.readiness.set(name, "stopped");
  }
  return clean;
}

async function stopOne(
  module: Module | undefined,
  { clock, stopTimeoutMs }: StartStopOptions,
): Promise<string | undefined> {
  const timeout = new AbortController();
  const late = sleep(clock, stopTimeoutMs, timeout.signal).then(
    () => `not done after ${stopTimeoutMs} ms`,
    () => undefined,
  );
  try {
    return await Promise.race([module?.stop().then(() => undefined), late]);
  } catch (error) {
    return errorText(error);
  } finally {
    timeout.abort();
  }
}

/** The modules so that each comes before all that it needs. */
export function stopOrder(names: readonly ModuleName[]): readonly ModuleName[] {
  const order: ModuleName[] = [];
  const visit = (name: ModuleName): void => {
    if (order.includes(name) || !names.includes(name)) return;
    for (const need of modules[name]) visit(need);
    order.push(name);
  };
  for (const name of names) visit(name);
  return order.reverse();
}
