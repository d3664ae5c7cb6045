/** Which steps have a value: bit `step & 31` of word `step >> 5`. */
export type Presence = Uint32Array;

/** Words needed for `stepCount` steps. */
export function presenceWords(stepCount: number): number {
  return (stepCount + 31) >>> 5;
}

/** Presence without any step. */
export function emptyPresence(stepCount: number): Presence {
  return new Uint32Array(presenceWords(stepCount));
}

/** True when `step` has a value. */
export function isPresent(presence: Presence, step: number): boolean {
  return (presence[step >>> 5]! & (1 << (step & 31))) !== 0;
}

/** Says that `step` has a value. */
export function setPresent(presence: Presence, step: number): void {
  presence[step >>> 5]! |= 1 << (step & 31);
}

/** Says that all of `stepCount` steps have a value. */
export function setAllPresent(presence: Presence, stepCount: number): void {
  presence.fill(0xffffffff);
  if ((stepCount & 31) !== 0) presence[stepCount >>> 5] = (1 << (stepCount & 31)) - 1;
}

/** True when no step has a value. */
export function isEmpty(presence: Presence): boolean {
  for (let i = 0; i < presence.length; i++) if (presence[i] !== 0) return false;
  return true;
}

/** Adds the steps of `other` to `presence`. */
export function unite(presence: Presence, other: Presence): void {
  for (let i = 0; i < presence.length; i++) presence[i]! |= other[i]!;
}

/** True when some step is in both. */
export function intersects(presence: Presence, other: Presence): boolean {
  for (let i = 0; i < presence.length; i++) if ((presence[i]! & other[i]!) !== 0) return true;
  return false;
}

/** Number of steps with a value. */
export function countPresent(presence: Presence): number {
  let count = 0;
  for (let i = 0; i < presence.length; i++) {
    let word = presence[i]!;
    word -= (word >>> 1) & 0x55555555;
    word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
    count += Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return count;
}
