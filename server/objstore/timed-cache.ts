import { LRUCache } from "lru-cache";
import type { Clock } from "../platform/base/index.ts";
import type { BucketCall } from "./bucket.ts";

/** A value that may be kept. */
export interface CachedValue<T> {
  readonly value: T;
  /** What it costs in memory; at least 1. */
  readonly sizeBytes: number;
  /** Zero: it is not kept. */
  readonly ttlMs: number;
}

/** Where a value stands: forgotten together with all others of its topic. */
export interface CacheKey {
  readonly topic: string;
  /** Tells the values of a topic apart. */
  readonly detail: string;
}

interface Entry {
  readonly topic: string;
  readonly value: unknown;
  readonly untilMs: number;
}

interface Fetch {
  readonly topic: string;
  /** What comes is older than what its topic was forgotten for. */
  isStale: boolean;
}

/**
 * Values by key, each for a time of its own, bounded by bytes: the least recently used go first.
 * What several callers ask for at once is fetched once. Failures are not kept.
 */
export class TimedCache {
  readonly #entries: LRUCache<string, Entry>;
  readonly #keysOfTopic = new Map<string, Set<string>>();
  readonly #fetches = new Set<Fetch>();
  readonly #shared = new Map<
    string,
    { readonly fetch: Fetch; readonly result: Promise<unknown> }
  >();
  readonly #clock: Clock;

  constructor(sizeBytesMax: number, clock: Clock) {
    const dispose = (entry: Entry, key: string): void => this.#unlink(entry.topic, key);
    this.#entries = new LRUCache({ maxSize: sizeBytesMax, dispose });
    this.#clock = clock;
  }

  /**
   * The value of a key, from memory or from `fetch`. A caller that has a signal or a time of its
   * own fetches for itself: nobody else's call may end with it.
   */
  async get<T>(
    { topic, detail }: CacheKey,
    call: BucketCall,
    fetch: (call: BucketCall) => Promise<CachedValue<T>>,
  ): Promise<T> {
    call.signal?.throwIfAborted();
    const key = `${topic}\0${detail}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#clock.monotonicMs() < entry.untilMs) return entry.value as T;
    const isShared = call.signal === undefined && call.timeoutMs === undefined;
    const others = isShared ? this.#shared.get(key) : undefined;
    if (others?.fetch.isStale === false) return others.result as Promise<T>;
    const own: Fetch = { topic, isStale: false };
    const result = this.#fetch(key, own, fetch(call));
    if (!isShared) return result;
    this.#shared.set(key, { fetch: own, result });
    try {
      return await result;
    } finally {
      if (this.#shared.get(key)?.fetch === own) this.#shared.delete(key);
    }
  }

  /** Forgets all values of a topic, and those that are being fetched for it. */
  forget(topic: string): void {
    for (const key of [...(this.#keysOfTopic.get(topic) ?? [])]) this.#entries.delete(key);
    for (const fetch of this.#fetches) if (fetch.topic === topic) fetch.isStale = true;
  }

  clear(): void {
    this.#entries.clear();
    for (const fetch of this.#fetches) fetch.isStale = true;
  }

  async #fetch<T>(key: string, own: Fetch, fetching: Promise<CachedValue<T>>): Promise<T> {
    this.#fetches.add(own);
    try {
      const { value, sizeBytes, ttlMs } = await fetching;
      if (ttlMs > 0 && !own.isStale) {
        const untilMs = this.#clock.monotonicMs() + ttlMs;
        this.#entries.set(key, { topic: own.topic, value, untilMs }, { size: sizeBytes });
        // A value that is larger than the whole cache is not taken.
        if (this.#entries.has(key)) this.#link(own.topic, key);
      }
      return value;
    } finally {
      this.#fetches.delete(own);
    }
  }

  #link(topic: string, key: string): void {
    const keys = this.#keysOfTopic.get(topic);
    if (keys === undefined) this.#keysOfTopic.set(topic, new Set([key]));
    else keys.add(key);
  }

  #unlink(topic: string, key: string): void {
    const keys = this.#keysOfTopic.get(topic);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOfTopic.delete(topic);
  }
}
