import { type Clock, errorText, type Timer } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import type { Limits } from "./limits.ts";
import { parseOverrides } from "./overrides-file.ts";

/** Ten seconds: an operator who changes a limit sees it at work before wondering. */
const reloadIntervalMs = 10_000;

/** What reloading needs. */
export interface OverridesReloadOptions {
  readonly limits: Limits;
  /** Name of the file, for messages. */
  readonly name: string;
  /** Reads the whole file; fails when it cannot be read. */
  read(): Promise<string>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after each attempt; feeds `urd_runtime_config_last_reload_successful`. */
  onReload(success: boolean): void;
}

/** A running reload. */
export interface OverridesReload {
  /** Reads the file now; resolves when that is done, whatever came of it. */
  reload(): Promise<void>;
  /** Ends the reloading; a read in flight changes nothing any more. */
  stop(): void;
}

/**
 * Keeps the overrides of `limits` equal to those of a file, read again every ten seconds.
 * A file that cannot be read or used leaves the last good one in force and is reported once
 * for each new reason. Resolves after the first attempt.
 */
export async function startOverridesReload(
  options: OverridesReloadOptions,
): Promise<OverridesReload> {
  const reload = new FileReload(options);
  await reload.reload();
  reload.start();
  return reload;
}

class FileReload implements OverridesReload {
  readonly #options: OverridesReloadOptions;
  #textInForce: string | undefined;
  #lastFault = "";
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #stopped = false;

  constructor(options: OverridesReloadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.every(reloadIntervalMs, () => void this.reload());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  reload(): Promise<void> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOnce(): Promise<void> {
    const options = this.#options;
    const { limits, name, logger } = options;
    try {
      const text = await options.read();
      if (this.#stopped) return;
      if (text !== this.#textInForce) {
        limits.replace({ ...limits.state, overrides: parseOverrides(text) });
        this.#textInForce = text;
        logger.info("limits of tenants are in force", { file: name });
      }
      this.#lastFault = "";
      options.onReload(true);
    } catch (error) {
      if (this.#stopped) return;
      const fault = errorText(error);
      if (fault !== this.#lastFault) {
        logger.error("limits of tenants were not changed: the file cannot be used", {
          file: name,
          fault,
        });
      }
      this.#lastFault = fault;
      options.onReload(false);
    }
  }
}
