import { type Target, targets } from "./targets.ts";

/** Everything that a process starts and stops as one piece. */
export const moduleNames = [
  "data-dir",
  "public-port",
  "limits",
  "log-sync",
  "ingester",
  "background",
  "distributor",
  "querier",
  "gateway",
  "self-monitoring",
] as const;
/** One of `moduleNames`. */
export type ModuleName = (typeof moduleNames)[number];

/**
 * The whole system as one table: what must serve before a module can start. Start order,
 * targets, stop order and readiness follow from it. The public port comes early, so that
 * `/ready` can say what is still missing; threads boot side by side while shards replay.
 */
export const modules: Readonly<Record<ModuleName, readonly ModuleName[]>> = {
  "data-dir": [],
  "public-port": ["data-dir"],
  limits: [],
  "log-sync": [],
  ingester: ["data-dir", "limits"],
  background: ["ingester"],
  distributor: ["ingester", "log-sync"],
  querier: ["limits"],
  gateway: ["public-port", "distributor", "querier"],
  "self-monitoring": ["gateway"],
};

/** The modules that each target asks for itself; what they need comes along. */
export const targetModules: Readonly<Record<Target, readonly ModuleName[]>> = {
  all: ["gateway", "background", "self-monitoring"],
};

/** All modules that `wanted` targets need, in the order of `moduleNames`. */
export function modulesFor(wanted: readonly Target[]): readonly ModuleName[] {
  const needed = new Set<ModuleName>();
  const add = (name: ModuleName): void => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const need of modules[name]) add(need);
  };
  for (const target of targets) {
    if (wanted.includes(target)) for (const name of targetModules[target]) add(name);
  }
  return moduleNames.filter((name) => needed.has(name));
}
