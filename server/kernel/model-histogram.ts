import type { RefusalKind } from "./face.ts";
import { histogramMessageSizeMax, histogramUnitsMax } from "./layout.ts";
import { type Field, MalformedPayload, readFields } from "./model-wire.ts";

/** Native histograms as the kernel's twin has them: floats as bits, so that nothing gets lost. */
export interface ModelHistogram {
  readonly isFloat: boolean;
  /** 0 unknown, 1 reset, 2 no reset, 3 gauge. */
  readonly hint: number;
  readonly schema: number;
  readonly zeroThreshold: number;
  /** Unsigned integers, or the bits of floats. */
  readonly count: bigint;
  readonly zeroCount: bigint;
  readonly sum: bigint;
  readonly timeMs: number;
  /** When the counting began, ms; 0: not said. */
  readonly startMs: number;
  readonly positive: ModelBuckets;
  readonly negative: ModelBuckets;
  readonly bounds: readonly number[];
}

/** One side of a histogram: integers as differences to the bucket before, floats as bits. */
export interface ModelBuckets {
  readonly spans: readonly { readonly offset: number; readonly length: number }[];
  readonly values: readonly bigint[];
}

/** Bits of staleness markers. */
export const staleBits = 0x7ff0000000000002n;

/** The float of some bits. */
export function floatOf(bits: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, bits));
  return bytes.readDoubleLE();
}

/** The bits of a float. */
export function bitsOf(value: number): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
}

/** Reads a Histogram message of either remote write format. */
export function readModelHistogram(bytes: Uint8Array): ModelHistogram {
  const fields = readFields(bytes);
  const last = (...numbers: readonly number[]): Field | undefined =>
    fields.findLast(({ number }) => numbers.includes(number));
  for (const { number, type } of fields) {
    const wanted = wireTypes[number];
    if (wanted !== undefined && !wanted.includes(type)) throw new MalformedPayload("a wrong type");
  }
  const isFloat = last(1, 2)?.number === 2;
  const ofKind = (integer: number, float: number): bigint => {
    const field = last(integer, float);
    if (field?.number !== (isFloat ? float : integer)) return 0n;
    return isFloat ? fixed(field) : field.value;
  };
  const side = (spans: number, deltas: number, counts: number): ModelBuckets => {
    const integers = listOf(fields, deltas, packedDeltas);
    const floats = listOf(fields, counts, packedDoubles);
    return {
      spans: fields.filter(({ number }) => number === spans).map(readSpan),
      values: isFloat ? floats : integers,
    };
  };
  const hint = Number(last(14)?.value ?? 0n);
  return {
    isFloat,
    hint: hint <= 3 ? hint : 0,
    schema: zigzag32(last(4)?.value ?? 0n),
    zeroThreshold: floatOf(fixed(last(5))),
    count: ofKind(1, 2),
    zeroCount: ofKind(6, 7),
    sum: fixed(last(3)),
    timeMs: Number(BigInt.asIntN(64, last(15)?.value ?? 0n)),
    startMs: Number(BigInt.asIntN(64, last(17)?.value ?? 0n)),
    positive: side(11, 12, 13),
    negative: side(8, 9, 10),
    bounds: listOf(fields, 16, packedDoubles).map(floatOf),
  };
}

/** Wire types that the fields may have: 0 varint, 1 fixed64, 2 bytes. */
const wireTypes: Readonly<Record<number, readonly number[]>> = {
  1: [0],
  2: [1],
  3: [1],
  4: [0],
  5: [1],
  6: [0],
  7: [1],
  8: [2],
  9: [0, 2],
  10: [1, 2],
  11: [2],
  12: [0, 2],
  13: [1, 2],
  14: [0],
  15: [0],
  16: [1, 2],
  17: [0],
};

function fixed(field: Field | undefined): bigint {
  return field === undefined ? 0n : Buffer.from(field.bytes).readBigUInt64LE();
}

function listOf(
  fields: readonly Field[],
  wanted: number,
  read: (field: Field) => bigint[],
): bigint[] {
  return fields.filter(({ number }) => number === wanted).flatMap(read);
}

function packedDeltas(field: Field): bigint[] {
  const zigzag = field.type === 0 ? [field.value] : field.varints();
  return zigzag.map((value) => BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n)));
}

function packedDoubles({ bytes }: Field): bigint[] {
  if (bytes.length % 8 !== 0) throw new MalformedPayload("a packed double is cut");
  const view = Buffer.from(bytes);
  return Array.from({ length: bytes.length / 8 }, (_, i) => view.readBigUInt64LE(i * 8));
}

function readSpan({ bytes }: Field): { offset: number; length: number } {
  const fields = readFields(bytes);
  const value = (wanted: number): bigint => {
    const found = fields.filter(({ number }) => number === wanted);
    if (found.some(({ type }) => type !== 0)) throw new MalformedPayload("a wrong type");
    return found.at(-1)?.value ?? 0n;
  };
  return { offset: zigzag32(value(1)), length: Number(BigInt.asUintN(32, value(2))) };
}

function zigzag32(value: bigint): number {
  const raw = Number(BigInt.asUintN(32, value));
  return (raw >>> 1) ^ -(raw & 1);
}

/** Why a histogram is refused; undefined when it is good. */
export function refusalOfHistogram(
  h: ModelHistogram,
  limits: { readonly bucketsMax: number; readonly sizeBytes: number },
): RefusalKind | undefined {
  const isCustom = h.schema === -53;
  const tooMany = "max-native-histogram-buckets";
  if (limits.sizeBytes > histogramMessageSizeMax) return tooMany;
  if (!isCustom && (h.schema < -4 || h.schema > 8)) return "invalid-native-histogram-schema";
  const buckets = h.positive.values.length + h.negative.values.length;
  const units = buckets + h.bounds.length + 2 * (h.positive.spans.length + h.negative.spans.length);
  if ((limits.bucketsMax !== 0 && buckets > limits.bucketsMax) || units > histogramUnitsMax) {
    return isCustom ? "native-histogram-custom-buckets-not-reducible" : tooMany;
  }
  return (isCustom ? refusalOfCustom(h) : refusalOfExponential(h)) ?? refusalOfCounts(h);
}

function refusalOfSpans({ spans, values }: ModelBuckets): RefusalKind | undefined {
  if (spans.some(({ offset }, i) => i > 0 && offset < 0)) {
    return "native-histogram-span-negative-offset";
  }
  const needed = spans.reduce((sum, { length }) => sum + length, 0);
  return needed === values.length ? undefined : "native-histogram-spans-buckets-mismatch";
}

function refusalOfExponential(h: ModelHistogram): RefusalKind | undefined {
  const bounds = h.bounds.length > 0 ? "native-histogram-custom-buckets-invalid" : undefined;
  return refusalOfSpans(h.positive) ?? bounds ?? refusalOfSpans(h.negative);
}

function refusalOfCustom(h: ModelHistogram): RefusalKind | undefined {
  const ascends = h.bounds.every(
    (bound, i) => bound > (h.bounds[i - 1] ?? Number.NEGATIVE_INFINITY),
  );
  if (!ascends) return "native-histogram-custom-buckets-invalid";
  if (h.bounds.at(-1) === Number.POSITIVE_INFINITY) {
    return "native-histogram-custom-buckets-infinite";
  }
  const { spans } = h.positive;
  if (spans.some(({ offset }) => offset < 0)) return "native-histogram-span-negative-offset";
  const refusal = refusalOfSpans(h.positive);
  if (refusal !== undefined) return refusal;
  const covered = spans.reduce((sum, { offset, length }) => sum + offset + length, 0);
  if (h.bounds.length + 1 < covered) return "native-histogram-custom-buckets-mismatch";
  const zero = h.isFloat ? floatOf(h.zeroCount) : Number(h.zeroCount);
  const isOdd = zero !== 0 || h.zeroThreshold !== 0;
  const hasNegative = h.negative.spans.length + h.negative.values.length > 0;
  return isOdd || hasNegative ? "native-histogram-custom-buckets-invalid" : undefined;
}

function refusalOfCounts(h: ModelHistogram): RefusalKind | undefined {
  const counts = [...countsOf(h, h.negative), ...countsOf(h, h.positive)];
  const isNegative = counts.some((count) => count < 0);
  if (h.isFloat) {
    const isBelow = isNegative || floatOf(h.count) < 0 || floatOf(h.zeroCount) < 0;
    return isBelow ? "native-histogram-negative-bucket-count" : undefined;
  }
  if (isNegative) return "native-histogram-negative-bucket-count";
  const sum = (counts as bigint[]).reduce((total, count) => total + count, h.zeroCount);
  const observations = BigInt.asUintN(64, sum);
  if (Number.isNaN(floatOf(h.sum))) {
    return observations > h.count ? "native-histogram-count-not-big-enough" : undefined;
  }
  return observations === h.count ? undefined : "native-histogram-count-mismatch";
}

/** Counts of buckets: bigints, or floats. */
function countsOf(h: ModelHistogram, { values }: ModelBuckets): (bigint | number)[] {
  if (h.isFloat) return values.map(floatOf);
  let count = 0n;
  return values.map((delta) => {
    count = BigInt.asIntN(64, count + delta);
    return count;
  });
}

/** Whether the histogram is a staleness marker. */
export function isStaleHistogram(h: ModelHistogram): boolean {
  return h.sum === staleBits;
}

/** Whether two histograms say the same, but for time and hint. */
export function sameHistograms(a: ModelHistogram, b: ModelHistogram): boolean {
  if (a.isFloat !== b.isFloat) return false;
  if (isStaleHistogram(a) || isStaleHistogram(b)) return isStaleHistogram(a) && isStaleHistogram(b);
  const text = (h: ModelHistogram): string => {
    const numbers = [h.schema, h.zeroThreshold + 0, h.count, h.zeroCount, h.sum];
    const bounds = h.schema === -53 ? h.bounds.map(bitsOf) : [];
    return [numbers, bounds, sideText(h.positive), sideText(h.negative)].join(";");
  };
  return text(a) === text(b);
}

function sideText(side: ModelBuckets): string {
  return `${spansText(side)} ${side.values.join(",")}`;
}

function spansText({ spans }: ModelBuckets): string {
  return spans.map(({ offset, length }) => `${offset}+${length}`).join(",");
}

/** Flags byte of a chunk that begins with a histogram and nothing comparable before it. */
export function firstHeader(next: ModelHistogram): number {
  return next.hint === 3 ? 0xc0 : next.hint === 1 ? 0x80 : 0;
}

/** Flags byte of the chunk that `next` must begin after `last`, or "fits". */
export function headerBehind(
  last: ModelHistogram,
  lastHeader: number,
  next: ModelHistogram,
): number | "fits" {
  if (last.isFloat !== next.isFloat) return firstHeader(next);
  const sameScale = last.schema === next.schema && last.zeroThreshold === next.zeroThreshold;
  const sameBounds =
    next.schema !== -53 || last.bounds.map(bitsOf).join() === next.bounds.map(bitsOf).join();
  const sameSpans =
    spansText(last.positive) === spansText(next.positive) &&
    spansText(last.negative) === spansText(next.negative);
  if (next.hint === 3) {
    if (lastHeader !== 0xc0) return 0xc0;
    if (isStaleHistogram(next)) return "fits";
    return !isStaleHistogram(last) && sameScale && sameBounds && sameSpans ? "fits" : 0xc0;
  }
  if (lastHeader === 0xc0) return firstHeader(next);
  if (next.hint === 1) return 0x80;
  if (isStaleHistogram(next)) return "fits";
  if (isStaleHistogram(last)) return 0;
  const number = next.isFloat ? floatOf : Number;
  const isLess = (a: bigint, b: bigint): boolean => (next.isFloat ? number(a) < number(b) : a < b);
  if (isLess(next.count, last.count)) return 0x80;
  if (!sameScale) return 0;
  if (!sameBounds || isLess(next.zeroCount, last.zeroCount)) return 0x80;
  if (hasReset(last, next, "positive") || hasReset(last, next, "negative")) return 0x80;
  return sameSpans ? "fits" : 0x40;
}

function hasReset(
  last: ModelHistogram,
  next: ModelHistogram,
  side: "positive" | "negative",
): boolean {
  const after = bucketMap(next, next[side]);
  return [...bucketMap(last, last[side])].some(([index, count]) => {
    const now = after.get(index);
    return now === undefined ? Number(count) !== 0 : now < count;
  });
}

/** Counts by the buckets' numbers. */
function bucketMap(h: ModelHistogram, side: ModelBuckets): Map<number, bigint | number> {
  const counts = countsOf(h, side);
  const found = new Map<number, bigint | number>();
  let [index, at] = [0, 0];
  for (const { offset, length } of side.spans) {
    index += offset;
    for (let i = 0; i < length; i++) found.set(index++, counts[at++] ?? 0);
  }
  return found;
}
