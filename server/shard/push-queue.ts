/**
 * Batches that wait for a shard, one queue per tenant, taken in turns of one window: a tenant
 * that sends much waits for itself, not the others for it. `Batch` stays at the front of its
 * queue until it is finished.
 */
export class PushQueue<Batch> {
  readonly #queues = new Map<string, Batch[]>();
  #size = 0;

  /** Batches waiting, the ones in work included. */
  get size(): number {
    return this.#size;
  }

  /** Adds a batch behind its tenant's others. */
  add(tenant: string, batch: Batch): void {
    const queue = this.#queues.get(tenant);
    if (queue === undefined) this.#queues.set(tenant, [batch]);
    else queue.push(batch);
    this.#size++;
  }

  /** The batch whose turn it is; the same one until `finish` or `rotate`. */
  current(): { readonly tenant: string; readonly batch: Batch } | undefined {
    const first = this.#queues.entries().next().value;
    const batch = first?.[1][0];
    return first === undefined || batch === undefined ? undefined : { tenant: first[0], batch };
  }

  /** The turn of the current batch's tenant is over. */
  rotate(): void {
    const first = this.#queues.entries().next().value;
    if (first === undefined || this.#queues.size === 1) return;
    this.#queues.delete(first[0]);
    this.#queues.set(first[0], first[1]);
  }

  /** Takes the current batch out and gives the turn to the next tenant. */
  finish(): void {
    const first = this.#queues.entries().next().value;
    if (first === undefined) return;
    const [tenant, queue] = first;
    queue.shift();
    this.#size--;
    this.#queues.delete(tenant);
    if (queue.length > 0) this.#queues.set(tenant, queue);
  }

  /** Takes everything out. */
  clear(): readonly Batch[] {
    const all = [...this.#queues.values()].flat();
    this.#queues.clear();
    this.#size = 0;
    return all;
  }
}
