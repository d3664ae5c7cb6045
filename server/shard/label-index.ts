import type { PairBytes, PairId, ShardKernel, TenantIndex } from "../kernel/index.ts";
import type { Turn } from "./turn.ts";

/** The values of one label name, in the order of their pair numbers. */
export interface LabelEntry {
  readonly name: string;
  readonly values: readonly string[];
  /** Pair number of each value. */
  readonly pairIds: readonly PairId[];
}

interface GrowingEntry {
  readonly name: string;
  readonly values: string[];
  readonly pairIds: number[];
}

/** Pairs fetched from the kernel at once: well below a turn. */
const pairsPerFetch = 2048;

/**
 * Label names and values of one tenant as strings, for matchers and label queries. The kernel
 * holds the truth; this is a copy that is caught up before each use, and begun again when the
 * kernel freed pairs.
 */
export class LabelIndex {
  readonly #kernel: ShardKernel;
  readonly #tenant: TenantIndex;
  readonly #decode = new TextDecoder();
  #entries = new Map<string, GrowingEntry>();
  #lastId = 0;
  #version: number;

  constructor(kernel: ShardKernel, tenant: TenantIndex) {
    this.#kernel = kernel;
    this.#tenant = tenant;
    this.#version = kernel.pairsVersion(tenant);
  }

  /** Takes in the pairs that came since the last time. Later calls of this object see them. */
  async catchUp(turn: Turn): Promise<void> {
    for (;;) {
      const version = this.#kernel.pairsVersion(this.#tenant);
      if (version !== this.#version) {
        this.#entries = new Map();
        this.#lastId = 0;
        this.#version = version;
      }
      const pairs = this.#kernel.pairs(this.#tenant, this.#lastId, pairsPerFetch);
      for (const pair of pairs) this.#add(pair);
      this.#lastId = pairs.at(-1)?.id ?? this.#lastId;
      if (pairs.length < pairsPerFetch) return;
      if (turn.over) await turn.next();
    }
  }

  /** Label names, in no order. */
  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** The values of a name; undefined when no series has it. Read it before the turn ends. */
  entry(name: string): LabelEntry | undefined {
    return this.#entries.get(name);
  }

  #add(pair: PairBytes): void {
    const name = this.#decode.decode(pair.name);
    const value = this.#decode.decode(pair.value);
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      entry = { name, values: [], pairIds: [] };
      this.#entries.set(name, entry);
    }
    entry.values.push(value);
    entry.pairIds.push(pair.id);
  }
}
