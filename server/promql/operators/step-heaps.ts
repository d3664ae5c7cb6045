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
  let values = new Float64Array(0);
  let owners = new Int32Array(0);

  const grow = (): void => {
    const wider = Math.max(1, capacity * 2);
    onGrow(stepCount * (wider - capacity));
    const [newValues, newOwners] = [
      new Float64Array(stepCount * wider),
      new Int32Array(stepCount * wider),
    ];
    for (let step = 0; step < stepCount; step++) {
      const from = step * capacity;
      newValues.set(values.subarray(from, from + sizes[step]!), step * wider);
      newOwners.set(owners.subarray(from, from + sizes[step]!), step * wider);
    }
    [capacity, values, owners] = [wider, newValues, newOwners];
  };
  const swap = (a: number, b: number): void => {
    const [value, owner] = [values[a]!, owners[a]!];
    values[a] = values[b]!;
    owners[a] = owners[b]!;
    values[b] = value;
    owners[b] = owner;
  };
  const siftUp = (base: number, place: number): void => {
    let at = place;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!order(values[base + at]!, values[base + parent]!)) return;
      swap(base + parent, base + at);
      at = parent;
    }
  };
  const siftDown = (base: number, size: number): void => {
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      const right = child + 1;
      const best =
        right < size && order(values[base + right]!, values[base + child]!) ? right : child;
      if (!order(values[base + best]!, values[base + at]!)) return;
      swap(base + at, base + best);
      at = best;
    }
  };

  return {
    size: (step) => sizes[step]!,
    push(step, value, owner) {
      if (sizes[step]! === capacity) grow();
      const place = sizes[step]!++;
      const base = step * capacity;
      values[base + place] = value;
      owners[base + place] = owner;
      siftUp(base, place);
    },
    top: (step) => values[step * capacity]!,
    replaceTop(step, value, owner) {
      const base = step * capacity;
      values[base] = value;
      owners[base] = owner;
      siftDown(base, sizes[step]!);
    },
    entries(step) {
      const base = step * capacity;
      return Array.from({ length: sizes[step]! }, (_, i) => ({
        value: values[base + i]!,
        owner: owners[base + i]!,
      }));
    },
    room: () => stepCount * capacity,
  };
}
