/**
 * The newest sample time of each tenant over all shards of the process, in shared memory: a
 * shard judges "too old" by the tenant, not by the part of it that it happens to hold.
 *
 * A hash table of 16-byte slots: i64 key, i64 time. Keys are claimed by compare-and-swap and
 * never freed. A full table or an unlucky probe only means that a shard judges by itself.
 */
const slotWords = 2;
const slots = 1 << 16;
const probesMax = 64;

/** Newest time when none is known: older than every sample. */
export const noNewestMs: number = Number.MIN_SAFE_INTEGER;

/** Makes the memory for `NewestTimes` of all shards. */
export function newestTimesMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(slots * slotWords * 8);
}

/** One shard's view of the table. */
export class NewestTimes {
  readonly #words: BigInt64Array;
  readonly #slots = new Map<string, number>();

  constructor(memory: SharedArrayBuffer) {
    this.#words = new BigInt64Array(memory);
  }

  /** Newest time of a tenant in any shard, ms. */
  get(tenant: string): number {
    const slot = this.#slot(tenant);
    if (slot === undefined) return noNewestMs;
    const time = Atomics.load(this.#words, slot * slotWords + 1);
    return time === 0n ? noNewestMs : Number(time);
  }

  /** Raises the newest time of a tenant. */
  raise(tenant: string, timeMs: number): void {
    const slot = this.#slot(tenant);
    if (slot === undefined) return;
    const word = slot * slotWords + 1;
    const time = BigInt(timeMs);
    let seen = Atomics.load(this.#words, word);
    while (seen === 0n || seen < time) {
      const before = Atomics.compareExchange(this.#words, word, seen, time);
      if (before === seen) return;
      seen = before;
    }
  }

  #slot(tenant: string): number | undefined {
    const known = this.#slots.get(tenant);
    if (known !== undefined) return known;
    const key = tenantKey(tenant);
    const start = Number(BigInt.asUintN(32, key)) % slots;
    for (let probe = 0; probe < probesMax; probe++) {
      const slot = (start + probe) % slots;
      const found = Atomics.compareExchange(this.#words, slot * slotWords, 0n, key);
      if (found === 0n || found === key) {
        this.#slots.set(tenant, slot);
        return slot;
      }
    }
    return undefined;
  }
}

/** 64 bits of FNV-1a, never zero. */
function tenantKey(tenant: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(tenant)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return BigInt.asIntN(64, hash === 0n ? 1n : hash);
}
