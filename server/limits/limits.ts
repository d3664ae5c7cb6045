import type { TenantLimits } from "./tenant-limits.ts";

/** What a tenant has other than the defaults. */
export type TenantOverrides = Readonly<Partial<TenantLimits>>;

/** All limits as plain data: what another thread needs to judge like this one. */
export interface LimitsState {
  readonly defaults: TenantLimits;
  readonly overrides: ReadonlyMap<string, TenantOverrides>;
}

/** The limits in force. */
export interface Limits {
  /** Limits of a tenant; one map lookup. The same object until the epoch rises. */
  limitsFor(tenant: string): TenantLimits;
  /** Rises with every change; whoever caches what follows from limits keeps it beside. */
  readonly epoch: number;
  /** The state in force; a structured clone of it makes the same limits elsewhere. */
  readonly state: LimitsState;
  /** Puts a new state in force, then tells the listeners, in the order they came. */
  replace(state: LimitsState): void;
  /** Calls `listener` after each change; returns the way to stop that. */
  onChange(listener: (state: LimitsState) => void): () => void;
}

/** Limits that hold `state` until it is replaced. */
export function createLimits(state: LimitsState): Limits {
  return new LimitsInForce(state);
}

class LimitsInForce implements Limits {
  #state: LimitsState;
  #merged: ReadonlyMap<string, TenantLimits>;
  #epoch = 1;
  readonly #listeners = new Set<(state: LimitsState) => void>();

  constructor(state: LimitsState) {
    this.#state = state;
    this.#merged = merge(state);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get state(): LimitsState {
    return this.#state;
  }

  limitsFor(tenant: string): TenantLimits {
    return this.#merged.get(tenant) ?? this.#state.defaults;
  }

  replace(state: LimitsState): void {
    this.#state = state;
    this.#merged = merge(state);
    this.#epoch++;
    for (const listener of this.#listeners) listener(state);
  }

  onChange(listener: (state: LimitsState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function merge(state: LimitsState): ReadonlyMap<string, TenantLimits> {
  const merged = new Map<string, TenantLimits>();
  for (const [tenant, overrides] of state.overrides) {
    merged.set(tenant, { ...state.defaults, ...overrides });
  }
  return merged;
}
