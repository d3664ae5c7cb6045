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
 * Characters of labels that are kept for each exemplar of the capacity. Labels of usual series
 * with a trace have a third of it; where they are longer the ring holds fewer exemplars.
 */
const charactersPerExemplar = 1024;

/**
 * The newest exemplars of one tenant, at most `capacity`: those that came in first make place
 * for one that comes in. Within a series they are ordered by time, then value, then labels, as
 * Prometheus orders them.
 */
export class ExemplarRing {
  #capacity: number;
  /** In the order in which they came. */
  readonly #slots = new Set<Slot>();
  /** Of the labels of all exemplars and all series. */
  #characters = 0;
  readonly #series = new Map<string, Slot["series"]>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many are kept. */
  get size(): number {
    return this.#slots.size;
  }

  /** Changes the capacity; a smaller one drops those that came in first. */
  resize(capacity: number): void {
    this.#capacity = capacity;
    this.#makeFit();
  }

  /**
   * Takes an exemplar of a series. One that is older than the series' newest by more than
   * `outOfOrderWindowMs` is refused; one that is there already changes nothing.
   */
  add(labels: Labels, exemplar: Exemplar, outOfOrderWindowMs: number): ExemplarOutcome {
    if (this.#capacity === 0) return "out-of-order";
    if (lengthOf(exemplar.labels) > labelsLengthMax) return "labels-too-long";
    const key = labelsKey(labels);
    const known = this.#series.get(key);
    const series = known ?? { labels, exemplars: [] };
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
    if (known === undefined) this.#characters += charactersOf(labels);
    this.#characters += charactersOf(exemplar.labels);
    this.#slots.add({ series, exemplar });
    this.#makeFit();
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

  #makeFit(): void {
    const charactersMax = this.#capacity * charactersPerExemplar;
    for (const oldest of this.#slots) {
      if (this.#slots.size <= this.#capacity && this.#characters <= charactersMax) return;
      this.#drop(oldest);
    }
  }

  #drop(slot: Slot): void {
    const { series, exemplar } = slot;
    this.#slots.delete(slot);
    this.#characters -= charactersOf(exemplar.labels);
    series.exemplars.splice(series.exemplars.indexOf(exemplar), 1);
    if (series.exemplars.length > 0) return;
    this.#series.delete(labelsKey(series.labels));
    this.#characters -= charactersOf(series.labels);
  }
}

function charactersOf(labels: Labels): number {
  let count = 0;
  for (const text of labels) count += text.length;
  return count;
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
