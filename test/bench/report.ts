/** Median of some numbers; NaN when there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Three significant digits, for people. */
export function digits(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "-";
}

/** Value at a fraction of an ascending column. */
export function percentile(sorted: Float64Array, fraction: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] as number;
}

/** Figures of each peer over the rounds, by name of the figure. */
export type Rounds = ReadonlyMap<string, readonly Readonly<Record<string, number>>[]>;

/** Medians by peer and figure. */
export function medians(rounds: Rounds): Record<string, Record<string, number>> {
  const result: Record<string, Record<string, number>> = {};
  for (const [peer, list] of rounds) {
    const figures: Record<string, number> = {};
    for (const key of Object.keys(list[0] ?? {})) {
      figures[key] = median(list.map((round) => round[key] ?? Number.NaN));
    }
    result[peer] = figures;
  }
  return result;
}

/** Prints one row per figure with each peer's median and, behind Urd's, its ratio to each other peer. */
export function printTable(
  result: Readonly<Record<string, Readonly<Record<string, number>>>>,
): void {
  const peers = Object.keys(result);
  const others = peers.filter((peer) => peer !== "urd");
  for (const key of Object.keys(result["urd"] ?? result[peers[0] ?? ""] ?? {})) {
    const cells = peers.map((peer) => `${peer} ${digits(result[peer]?.[key] ?? Number.NaN)}`);
    const ratios = others.map(
      (peer) =>
        `${digits((result["urd"]?.[key] ?? Number.NaN) / (result[peer]?.[key] ?? Number.NaN))}x ${peer}`,
    );
    console.log(`${key.padEnd(30)} ${cells.join("   ")}   urd is ${ratios.join(", ")}`);
  }
}
