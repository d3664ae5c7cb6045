/**
 * The name of `known` that `unknown` was most likely meant to be, or undefined when nothing is
 * near. Near: at most half of its letters differ, or it is the last part of a known name.
 */
export function nearestName(unknown: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(unknown.length / 2) + 1;
  for (const name of known) {
    const tail = name.slice(name.lastIndexOf(".") + 1);
    const distance = Math.min(
      editDistance(unknown, name),
      tail === name ? Infinity : editDistance(unknown, tail) + 1,
    );
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** Letters to insert, delete or change to make `a` of `b` (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
