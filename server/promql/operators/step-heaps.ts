/** True when heap entry `a` belongs above entry `b`. */
export type HeapOrder = (a: number, b: number) => boolean;

/** Smallest value on top; a NaN is smaller than anything. */
export const smallestFirst: HeapOrder = (a, b) => a !== a || a < b;

/** Largest value on top; a NaN is larger than anything. */
export const largestFirst: HeapOrder = (a, b) => a !== a || a > b;

/**
 * One binary heap of (value, owner) per step, in shared columns. The heaps move entries as Go's
 * container/heap does, so that of equal values the same ones stay.
 */
export interface StepHeaps {
  size(step: number): number;
  push(step: number, value: number, owner: number): void;
  top(step: number): number;
  replaceTop(step: number, value: number, owner: number): void;
  /** Entries of a step in heap order. */
  entries(step: number): readonly HeapEntry[];
  /** Entries that all steps together have room for. */
  room(): number;
}

/** A value and the number of the series it is from. */
export interface HeapEntry {
  readonly value: number;
  readonly owner: number;
}

/** Empty heaps; room grows by doubling, called with the entries that were added. */
export function createStepHeaps(
  stepCount: number,
  order: HeapOrder,
  onGrow: (entries: number) => void,
): StepHeaps {
  const sizes = new Int32Array(stepCount);
  let capacity = 0;
  let columns: Entries = newEntries(0);
  const grow = (): void => {
    const wider = Math.max(1, capacity * 2);
    onGrow(stepCount * (wider - capacity));
    const grown = newEntries(stepCount * wider);
    for (let step = 0; step < stepCount; step++) {
      const from = step * capacity;
      const to = from + sizes[step]!;
      grown.values.set(columns.values.subarray(from, to), step * wider);
      grown.owners.set(columns.owners.subarray(from, to), step * wider);
    }
    capacity = wider;
    columns = grown;
  };
  return {
    size: (step) => sizes[step]!,
    push(step, value, owner) {
      if (sizes[step]! === capacity) grow();
      const place = sizes[step]!++;
      const base = step * capacity;
      columns.values[base + place] = value;
      columns.owners[base + place] = owner;
      siftUp(columns, { base, size: place + 1 }, order);
    },
    top: (step) => columns.values[step * capacity]!,
    replaceTop(step, value, owner) {
      const base = step * capacity;
      columns.values[base] = value;
      columns.owners[base] = owner;
      siftDown(columns, { base, size: sizes[step]! }, order);
    },
    entries(step) {
      const base = step * capacity;
      return Array.from({ length: sizes[step]! }, (_, i) => ({
        value: columns.values[base + i]!,
        owner: columns.owners[base + i]!,
      }));
    },
    room: () => stepCount * capacity,
  };
}

interface Entries {
  readonly values: Float64Array;
  readonly owners: Int32Array;
}

/** One heap: `size` entries from `base` on. */
interface Heap {
  readonly base: number;
  readonly size: number;
}

function newEntries(count: number): Entries {
  return { values: new Float64Array(count), owners: new Int32Array(count) };
}

function swap({ values, owners }: Entries, a: number, b: number): void {
  const value = values[a]!;
  const owner = owners[a]!;
  values[a] = values[b]!;
  owners[a] = owners[b]!;
  values[b] = value;
  owners[b] = owner;
}

/** Moves the last entry up to where it belongs. */
function siftUp(entries: Entries, { base, size }: Heap, order: HeapOrder): void {
  const { values } = entries;
  let at = size - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!order(values[base + at]!, values[base + parent]!)) return;
    swap(entries, base + parent, base + at);
    at = parent;
  }
}

/** Moves the top entry down to where it belongs. */
function siftDown(entries: Entries, { base, size }: Heap, order: HeapOrder): void {
  const { values } = entries;
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    const right = child + 1;
    const isRight = right < size && order(values[base + right]!, values[base + child]!);
    const best = isRight ? right : child;
    if (!order(values[base + best]!, values[base + at]!)) return;
    swap(entries, base + at, base + best);
    at = best;
  }
}
