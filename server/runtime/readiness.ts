import type { ModuleName } from "./modules.ts";

/** Where a module stands in its life. */
export type ModuleState = "waiting" | "starting" | "serving" | "stopping" | "stopped";

/** Tells whether the process serves, and if not, what is missing. */
export class Readiness {
  readonly #states: Map<ModuleName, ModuleState>;
  readonly #faults = new Map<string, string>();

  constructor(names: readonly ModuleName[]) {
    this.#states = new Map(names.map((name) => [name, "waiting"]));
  }

  /** Records where a module stands. */
  set(name: ModuleName, state: ModuleState): void {
    this.#states.set(name, state);
  }

  /** Records what is wrong with a part of a serving module, or with undefined that it is well. */
  setFault(part: string, fault: string | undefined): void {
    if (fault === undefined) this.#faults.delete(part);
    else this.#faults.set(part, fault);
  }

  /** Why the process is not ready, as one line per cause; empty when it is. */
  reasons(): readonly string[] {
    const modules = [...this.#states]
      .filter(([, state]) => state !== "serving")
      .map(([name, state]) => `${name} is ${state}`);
    return [...modules, ...[...this.#faults].map(([part, fault]) => `${part}: ${fault}`)];
  }

  /** Every module with its state, in start order. */
  states(): ReadonlyMap<ModuleName, ModuleState> {
    return this.#states;
  }
}
