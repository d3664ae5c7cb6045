import type { PayloadFormat } from "../kernel/index.ts";
import { compareUtf8, type Labels, metricNameLabel } from "../model/index.ts";
import { badVarint, type ByteCursor, readInt64, readUvarint } from "../platform/encoding/index.ts";
import type { Exemplar } from "./exemplar-ring.ts";
import { eachField, packedVarints, symbolPlaces } from "./payload-walk.ts";

/** A series of a payload with its exemplars, in the payload's order. */
export interface ReadExemplars {
  readonly labels: Labels;
  readonly exemplars: readonly Exemplar[];
}

type Place = { readonly from: number; readonly to: number };

/**
 * The series of a payload that have exemplars. Series whose labels no head would take, and
 * exemplars whose labels are no label set, are left out. The payload has passed the kernel.
 */
export function* readExemplars(
  format: PayloadFormat,
  payload: Uint8Array,
): Generator<ReadExemplars> {
  const texts = format === 1 ? undefined : new Symbols(payload);
  const seriesField = format === 1 ? 1 : 5;
  const places: Place[] = [];
  eachField(payload, { from: 0, to: payload.length }, (field, from, to) => {
    if (field === seriesField) places.push({ from, to });
  });
  for (const place of places) {
    const series = texts === undefined ? series1(payload, place) : series2(payload, place, texts);
    if (series !== undefined) yield series;
  }
}

function series1(payload: Uint8Array, place: Place): ReadExemplars | undefined {
  const labels: Place[] = [];
  const exemplars: Place[] = [];
  eachField(payload, place, (field, from, to) => {
    if (field === 1) labels.push({ from, to });
    if (field === 3) exemplars.push({ from, to });
  });
  if (exemplars.length === 0) return undefined;
  return checked(
    labelsOf(labels.flatMap((label) => label1(payload, label))),
    exemplars.map((exemplar) => exemplar1(payload, exemplar)),
  );
}

function exemplar1(payload: Uint8Array, place: Place): Exemplar | undefined {
  const pairs: (string | undefined)[] = [];
  eachField(payload, place, (field, from, to) => {
    if (field === 1) pairs.push(...label1(payload, { from, to }));
  });
  const labels = labelsOf(pairs);
  if (labels === undefined) return undefined;
  return { labels, ...numbersOf(payload, place) };
}

function label1(payload: Uint8Array, place: Place): [string | undefined, string | undefined] {
  let [name, value]: (string | undefined)[] = ["", ""];
  eachField(payload, place, (field, from, to) => {
    if (field === 1) name = strictText(payload, from, to);
    if (field === 2) value = strictText(payload, from, to);
  });
  return [name, value];
}

function series2(payload: Uint8Array, place: Place, symbols: Symbols): ReadExemplars | undefined {
  let refs: readonly number[] = [];
  const exemplars: Place[] = [];
  eachField(payload, place, (field, from, to) => {
    if (field === 1) refs = packedVarints(payload, from, to);
    if (field === 4) exemplars.push({ from, to });
  });
  if (exemplars.length === 0) return undefined;
  return checked(
    labelsOf(refs.map((ref) => symbols.text(ref))),
    exemplars.map((exemplar) => exemplar2(payload, exemplar, symbols)),
  );
}

function exemplar2(payload: Uint8Array, place: Place, symbols: Symbols): Exemplar | undefined {
  let refs: readonly number[] = [];
  eachField(payload, place, (field, from, to) => {
    if (field === 1) refs = packedVarints(payload, from, to);
  });
  const labels = labelsOf(refs.map((ref) => symbols.text(ref)));
  if (labels === undefined) return undefined;
  return { labels, ...numbersOf(payload, place) };
}

function checked(
  labels: Labels | undefined,
  exemplars: readonly (Exemplar | undefined)[],
): ReadExemplars | undefined {
  if (labels === undefined || !labels.includes(metricNameLabel)) return undefined;
  return { labels, exemplars: exemplars.filter((exemplar) => exemplar !== undefined) };
}

/** A label set from names and values in turn, in any order; undefined when they make none. */
function labelsOf(texts: readonly (string | undefined)[]): Labels | undefined {
  const pairs: [string, string][] = [];
  for (let i = 0; i < texts.length; i += 2) {
    const [name, value] = [texts[i], texts[i + 1]];
    if (name === undefined || value === undefined || name === "") return undefined;
    if (value !== "") pairs.push([name, value]);
  }
  pairs.sort(([a], [b]) => compareUtf8(a, b));
  const isTwice = pairs.some(([name], i) => i > 0 && pairs[i - 1]?.[0] === name);
  return isTwice ? undefined : pairs.flat();
}

/** The symbols of a remote write 2.0 payload; each becomes a text once, when it is needed. */
class Symbols {
  readonly #payload: Uint8Array;
  readonly #places: readonly number[];
  readonly #texts = new Map<number, string | undefined>();

  constructor(payload: Uint8Array) {
    this.#payload = payload;
    this.#places = symbolPlaces(payload);
  }

  text(ref: number): string | undefined {
    if (this.#texts.has(ref)) return this.#texts.get(ref);
    const [from, to] = [this.#places[2 * ref], this.#places[2 * ref + 1]];
    const isThere = from !== undefined && to !== undefined;
    const text = isThere ? strictText(this.#payload, from, to) : undefined;
    this.#texts.set(ref, text);
    return text;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function strictText(bytes: Uint8Array, from: number, to: number): string | undefined {
  try {
    return utf8.decode(bytes.subarray(from, to));
  } catch {
    return undefined;
  }
}

/** Value (field 2, a double) and time (field 3, an int64) of an exemplar, alike in both formats. */
function numbersOf(bytes: Uint8Array, place: Place): { value: number; timeMs: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cursor: ByteCursor = { bytes, position: place.from, end: place.to };
  const numbers = { value: 0, timeMs: 0 };
  while (cursor.position < place.to) {
    const tag = readUvarint(cursor);
    const wire = tag & 7;
    if (tag === badVarint) break;
    if (wire === 0) {
      const varint = readInt64(cursor);
      if (varint === undefined) break;
      if (tag >>> 3 === 3) numbers.timeMs = varint;
    } else if (wire === 2) {
      const sizeBytes = readUvarint(cursor);
      if (sizeBytes === badVarint) break;
      cursor.position += sizeBytes;
    } else if (wire === 1) {
      if (cursor.position + 8 > place.to) break;
      if (tag >>> 3 === 2) numbers.value = view.getFloat64(cursor.position, true);
      cursor.position += 8;
    } else if (wire === 5) cursor.position += 4;
    else break;
  }
  return numbers;
}
