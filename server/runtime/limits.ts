import { readFile } from "node:fs/promises";
import {
  createLimits,
  type Limits,
  type OverridesReload,
  singleProcessDefaults,
  startOverridesReload,
  type TenantLimits,
} from "../limits/index.ts";
import type { Clock } from "../platform/base/index.ts";
import type { Logger, MetricRegistry } from "../platform/telemetry/index.ts";
import type { Config } from "./options.ts";
import type { Machine } from "./sizing.ts";
import type { Module } from "./start-stop.ts";

/** Limits of the configuration, with what it leaves to the machine filled in. */
export function createProcessLimits(config: Config, machine: Machine): Limits {
  const ofMachine = singleProcessDefaults({ memorySizeBytes: machine.memorySizeBytes });
  const defaults: TenantLimits = {
    ...config.limits,
    queryMemorySizeBytesMax:
      config.limits.queryMemorySizeBytesMax || ofMachine.queryMemorySizeBytesMax,
  };
  return createLimits({ defaults, overrides: new Map() });
}

/** Keeps the limits equal to the overrides file, when there is one. Serving means read once. */
export function createOverrides(
  config: Config,
  world: {
    readonly limits: Limits;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly metrics: MetricRegistry;
  },
): Module {
  const { file } = config.runtimeConfig;
  const success = world.metrics.gauge({
    name: "urd_runtime_config_last_reload_successful",
    help: "1 when the overrides file was read and used last time, or there is none.",
  });
  success.set(1);
  let reload: OverridesReload | undefined;
  return {
    async start() {
      if (file === "") return;
      reload = await startOverridesReload({
        ...world,
        name: file,
        read: () => readFile(file, "utf8"),
        onReload: (good) => success.set(good ? 1 : 0),
      });
    },
    stop: async () => reload?.stop(),
  };
}
