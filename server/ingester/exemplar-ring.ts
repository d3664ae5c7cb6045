import { compareLabels, type Labels, labelsKey } from "../model/index.ts";

/** A pointer from a sample to a trace. */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timeMs: number;
}

/** The exemplars of one series, ascending. */
export interface SeriesExemplars {
  readonly labels: Labels;
  readonly exemplars: readonly Exemplar[];
}

/** Code points of an exemplar's labels, names and values together: OpenMetrics's bound. */
const labelsLengthMax = 128;

/** What became of an exemplar. Only the first two are kept. */
export type ExemplarOutcome = "stored" | "duplicate" | "out-of-order" | "labels-too-long";

interface Slot {
  readonly series: { readonly labels: Labels; readonly exemplars: Exemplar[] };
  readonly exemplar: Exemplar;
}

/**
 * The newest exemplars of one tenant, at most `capacity`: one that comes in takes the place of
 * the one that came in first. Within a series they are ordered by time, then value, then labels,
 * as Prometheus orders them.
 */
export class ExemplarRing {
  #capacity: number;
  #slots: Slot[] = [];
  /** Where the next one goes, once the ring is full: at the oldest. */
  #next = 0;
  readonly #series = new Map<string, Slot["series"]>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many are kept. */
  get size(): number {
    return this.#slots.length;
  }

  /** Changes the capacity; a smaller one drops those that came in first. */
  resize(capacity: number): void {
    if (capacity === this.#capacity) return;
    const inOrder = [...this.#slots.slice(this.#next), ...this.#slots.slice(0, this.#next)];
    const dropped = Math.max(0, inOrder.length - capacity);
    for (const slot of inOrder.slice(0, dropped)) this.#drop(slot);
    this.#slots = inOrder.slice(dropped);
    this.#next = 0;
    this.#capacity = capacity;
  }

  /**
   * Takes an exemplar of a series. One that is older than the series' newest by more than
   * `outOfOrderWindowMs` is refused; one that is there already changes nothing.
   */
  add(labels: Labels, exemplar: Exemplar, outOfOrderWindowMs: number): ExemplarOutcome {
    if (this.#capacity === 0) return "out-of-order";
    if (lengthOf(exemplar.labels) > labelsLengthMax) return "labels-too-long";
    const key = labelsKey(labels);
    const series = this.#series.get(key) ?? { labels, exemplars: [] };
    const { exemplars } = series;
    const newest = exemplars.at(-1);
    if (newest !== undefined && exemplar.timeMs < newest.timeMs - outOfOrderWindowMs) {
      return "out-of-order";
    }
    let place = exemplars.length;
    while (place > 0 && compare(exemplars[place - 1] as Exemplar, exemplar) > 0) place--;
    const before = exemplars[place - 1];
    if (before !== undefined && compare(before, exemplar) === 0) return "duplicate";
    exemplars.splice(place, 0, exemplar);
    this.#series.set(key, series);
    this.#keep({ series, exemplar });
    return "stored";
  }

  /** Series that `matches` says yes to, with their exemplars in the closed range. */
  *find(
    matches: (labels: Labels) => boolean,
    range: { readonly startMs: number; readonly endMs: number },
  ): Generator<SeriesExemplars> {
    for (const { labels, exemplars } of this.#series.values()) {
      const newest = exemplars.at(-1);
      if (newest === undefined || newest.timeMs < range.startMs || !matches(labels)) continue;
      const found = exemplars.filter(
        ({ timeMs }) => timeMs >= range.startMs && timeMs <= range.endMs,
      );
      if (found.length > 0) yield { labels, exemplars: found };
    }
  }

  #keep(slot: Slot): void {
    if (this.#slots.length < this.#capacity) {
      this.#slots.push(slot);
      return;
    }
    const oldest = this.#slots[this.#next];
    this.#slots[this.#next] = slot;
    this.#next = (this.#next + 1) % this.#capacity;
    if (oldest !== undefined) this.#drop(oldest);
  }

  #drop({ series, exemplar }: Slot): void {
    series.exemplars.splice(series.exemplars.indexOf(exemplar), 1);
    if (series.exemplars.length === 0) this.#series.delete(labelsKey(series.labels));
  }
}

function lengthOf(labels: Labels): number {
  let length = 0;
  for (const text of labels) length += codePoints(text);
  return length;
}

function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    if ((text.codePointAt(i) ?? 0) > 0xffff) count--;
  }
  return count;
}

/** By time, value and labels; NaN counts as equal to itself and above all others. */
function compare(a: Exemplar, b: Exemplar): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  const order = compareValues(a.value, b.value);
  return order === 0 ? compareLabels(a.labels, b.labels) : order;
}

function compareValues(a: number, b: number): number {
  if (a === b) return 0;
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : 1;
}
