import {
  labelNameSizeMax,
  labelsMax,
  labelsSizeMax,
  labelValueSizeMax,
  refusedLabelCount,
  refusedLabelName,
  refusedLabelNameSize,
  refusedLabelTwice,
  refusedLabelValue,
  refusedLabelValueSize,
  refusedMetricName,
  refusedMissingName,
} from "../layout";
import { compareBytes, sameBytes, validUtf8 } from "./bytes";
import { spanAlloc, unitsOf } from "./memory";
import { pairFind, pairHashOf } from "./pairs";
import { seriesFind } from "./series";
import {
  labelHash,
  labelLooked,
  labelName,
  labelNameSize,
  labelPair,
  labelRaw,
  labelRawSize,
  labelStride,
  labelValue,
  labelValueSize,
  pairRaw,
  pairRawSize,
  seriesPairList,
  seriesPairs,
  tenantLabelsMax,
  tenantNameSizeMax,
  tenantValueSizeMax,
} from "./structs";
import { varintSize, writeVarint } from "./wire";

/**
 * The label scratch: labels of the one series that is being resolved, from either format. They
 * are sorted, looked up as pairs, and judged by the tenant's rules only when the series is new.
 */

let scratch: usize = 0;
/** Labels in the scratch. */
export let labelCount: u32 = 0;
/** Bytes of their canonical fields together. */
let labelsSize: u32 = 0;
/** Whether each label was put behind those before it in the order of names. */
let sorted: bool = true;
/** Canonical fields of labels that do not stand so in the payload, and the next one's place. */
let canonical: usize = 0;
let canonicalAt: usize = 0;

/** Pairs of a series that shares many with this one: the next to compare with, and the end. */
let neighbourAt: usize = 0;
let neighbourEnd: usize = 0;

/** `__name__`, to be compared with. */
const metricName: usize = memory.data<u8>([95, 95, 110, 97, 109, 101, 95, 95]);

/** Reserves the scratch, with one entry to sort by; false when memory is out. */
export function labelsStart(): bool {
  scratch = spanAlloc(unitsOf((labelsMax + 2) * labelStride));
  canonical = spanAlloc(unitsOf(labelsSizeMax));
  return scratch != 0 && canonical != 0;
}

/**
 * Begins a series. `neighbour` is a series of the same tenant, or 0: labels are compared with
 * its pairs before they are hashed.
 */
export function labelsBegin(neighbour: usize): void {
  neighbourAt = neighbour;
  neighbourEnd = neighbour;
  if (neighbour != 0) neighbourEnd += (<usize>load<u32>(neighbour, seriesPairs)) << 2;
  labelCount = 0;
  labelsSize = 0;
  sorted = true;
  canonicalAt = canonical;
}

/** The scratch. */
export function labelScratch(): usize {
  return scratch;
}

/** Adds a label whose canonical bytes are not known yet. Empty values are no labels. */
export function labelAdd(name: usize, nameSize: u32, value: usize, valueSize: u32): void {
  if (valueSize == 0 || labelCount > <u32>labelsMax) return;
  const total = <u64>labelsSize + <u64>canonicalSize(nameSize, valueSize);
  labelsSize = <u32>min<u64>(total, labelsSizeMax + 1);
  const label = scratch + labelCount * labelStride;
  store<u32>(label, <u32>name, labelName);
  store<u32>(label, nameSize, labelNameSize);
  store<u32>(label, <u32>value, labelValue);
  store<u32>(label, valueSize, labelValueSize);
  store<u64>(label, 0, labelRaw);
  store<u64>(label, 0, labelPair);
  if (labelCount != 0) {
    const before = label - labelStride;
    const order = compareBytes(
      load<u32>(before, labelName),
      load<u32>(before, labelNameSize),
      name,
      nameSize,
    );
    if (order >= 0) sorted = false;
  }
  labelCount++;
}

/** Adds a label by its pair alone: enough to find or make a series of known pairs. */
export function labelAddPair(pair: usize): void {
  const label = scratch + labelCount * labelStride;
  store<u64>(label, 0, labelRaw);
  store<u64>(label, <u64>pair, labelPair);
  labelCount++;
}

/** Bytes of a canonical field; names and values are shorter than 2^28 here. */
function canonicalSize(nameSize: u32, valueSize: u32): u32 {
  const body = 2 + varintSize(nameSize) + nameSize + varintSize(valueSize) + valueSize;
  return 1 + varintSize(body) + body;
}

/** Says that the label added last stands canonically at `raw`. */
export function labelIsCanonical(raw: usize, size: u32): void {
  const label = scratch + (labelCount - 1) * labelStride;
  store<u32>(label, <u32>raw, labelRaw);
  store<u32>(label, size, labelRawSize);
}

/** Gives the label added last its pair. */
export function labelIsPair(pair: usize): void {
  store<u32>(scratch + (labelCount - 1) * labelStride, <u32>pair, labelPair);
}

/** The label added last. */
export function labelLast(): usize {
  return scratch + (labelCount - 1) * labelStride;
}

/** Whether a label can be a pair at all. */
function fitsSlab(label: usize): bool {
  return (
    load<u32>(label, labelNameSize) <= <u32>labelNameSizeMax &&
    load<u32>(label, labelValueSize) <= <u32>labelValueSizeMax
  );
}

/** Finds the pair of a label and keeps it there; makes canonical bytes and hash if need be. */
export function labelLookUp(tenant: usize, label: usize): usize {
  store<u32>(label, 1, labelLooked);
  if (!fitsSlab(label)) return 0;
  if (load<u32>(label, labelRaw) == 0) {
    if (labelsSize > <u32>labelsSizeMax) return 0;
    writeCanonical(label);
  }
  const raw: usize = load<u32>(label, labelRaw);
  const shared = pairOfNeighbour(raw, load<u32>(label, labelRawSize));
  if (shared != 0) {
    store<u32>(label, <u32>shared, labelPair);
    return shared;
  }
  const hash = pairHashOf(tenant, raw, load<u32>(label, labelRawSize));
  store<u64>(label, hash, labelHash);
  const pair = pairFind(tenant, hash, label);
  store<u32>(label, <u32>pair, labelPair);
  return pair;
}

/**
 * The neighbour's pair with these bytes among its next three: one label more, less or changed
 * on either side does not lose the place.
 */
function pairOfNeighbour(raw: usize, size: u32): usize {
  const last = min<usize>(neighbourEnd, neighbourAt + 12);
  for (let entry = neighbourAt; entry < last; entry += 4) {
    const pair: usize = load<u32>(entry, seriesPairList);
    if (load<u32>(pair, pairRawSize) == size && sameBytes(pair + pairRaw, raw, size)) {
      neighbourAt = entry + 4;
      return pair;
    }
  }
  return 0;
}

/** Writes the label as the field of remote write 1.0 with the shortest varints. */
function writeCanonical(label: usize): void {
  const nameSize = load<u32>(label, labelNameSize);
  const valueSize = load<u32>(label, labelValueSize);
  const body = 2 + varintSize(nameSize) + nameSize + varintSize(valueSize) + valueSize;
  const raw = canonicalAt;
  store<u8>(raw, 0x0a);
  let at = writeVarint(raw + 1, body);
  store<u8>(at, 0x0a);
  at = writeVarint(at + 1, nameSize);
  memory.copy(at, load<u32>(label, labelName), nameSize);
  at += nameSize;
  store<u8>(at, 0x12);
  at = writeVarint(at + 1, valueSize);
  memory.copy(at, load<u32>(label, labelValue), valueSize);
  canonicalAt = at + valueSize;
  store<u32>(label, <u32>raw, labelRaw);
  store<u32>(label, <u32>(canonicalAt - raw), labelRawSize);
}

/** Sorts the labels by name. */
export function labelsSort(): void {
  if (!sorted) sortLabels();
}

/** Finds the series of the labels in the scratch, sorting them first; 0 when there is none. */
export function labelsFindSeries(tenant: usize): usize {
  if (labelCount > <u32>labelsMax || labelCount == 0) return 0;
  if (!sorted) sortLabels();
  if (labelsSize > <u32>labelsSizeMax) return 0;
  let known = true;
  for (let i: u32 = 0; i < labelCount; i++) {
    const label = scratch + i * labelStride;
    if (load<u32>(label, labelPair) != 0) continue;
    if (load<u32>(label, labelLooked) != 0 || labelLookUp(tenant, label) == 0) known = false;
  }
  return known ? seriesFind(scratch, labelCount) : 0;
}

function orderOf(a: usize, b: usize): i32 {
  return compareBytes(
    load<u32>(a, labelName),
    load<u32>(a, labelNameSize),
    load<u32>(b, labelName),
    load<u32>(b, labelNameSize),
  );
}

/** Heap sort: no more than n log n for any order a sender may think of. */
function sortLabels(): void {
  for (let root = labelCount >> 1; root != 0; root--) siftDown(root - 1, labelCount);
  for (let end = labelCount - 1; end != 0; end--) {
    swapLabels(scratch, scratch + end * labelStride);
    siftDown(0, end);
  }
  sorted = true;
}

function siftDown(from: u32, end: u32): void {
  let root = from;
  while ((root << 1) + 1 < end) {
    let child = (root << 1) + 1;
    const left = scratch + child * labelStride;
    if (child + 1 < end && orderOf(left, left + labelStride) < 0) child++;
    if (orderOf(scratch + root * labelStride, scratch + child * labelStride) >= 0) return;
    swapLabels(scratch + root * labelStride, scratch + child * labelStride);
    root = child;
  }
}

function swapLabels(a: usize, b: usize): void {
  const spare = scratch + (labelsMax + 1) * labelStride;
  memory.copy(spare, a, labelStride);
  memory.copy(a, b, labelStride);
  memory.copy(b, spare, labelStride);
}

/** Judges the sorted labels of a new series by the tenant's rules: the refusal, or 0. */
export function judgeLabels(tenant: usize): u32 {
  if (labelCount > <u32>labelsMax) return refusedLabelCount;
  const name = findMetricName();
  if (name == 0) return refusedMissingName;
  if (!validUtf8(load<u32>(name, labelValue), load<u32>(name, labelValueSize))) {
    return refusedMetricName;
  }
  const most = load<u32>(tenant, tenantLabelsMax);
  if (most != 0 && labelCount > most) return refusedLabelCount;
  for (let i: u32 = 0; i < labelCount; i++) {
    const label = scratch + i * labelStride;
    const refusal = judgeLabel(tenant, label);
    if (refusal != 0) return refusal;
    if (i != 0 && orderOf(label - labelStride, label) == 0) return refusedLabelTwice;
  }
  return labelsSize > <u32>labelsSizeMax ? refusedLabelValueSize : 0;
}

function findMetricName(): usize {
  for (let i: u32 = 0; i < labelCount; i++) {
    const label = scratch + i * labelStride;
    if (load<u32>(label, labelNameSize) != 8) continue;
    if (sameBytes(load<u32>(label, labelName), metricName, 8)) return label;
  }
  return 0;
}

function judgeLabel(tenant: usize, label: usize): u32 {
  const nameSize = load<u32>(label, labelNameSize);
  const valueSize = load<u32>(label, labelValueSize);
  const nameMax = load<u32>(tenant, tenantNameSizeMax);
  const valueMax = load<u32>(tenant, tenantValueSizeMax);
  if (nameSize == 0) return refusedLabelName;
  const known = load<u32>(label, labelPair) != 0;
  if (!known && !validUtf8(load<u32>(label, labelName), nameSize)) return refusedLabelName;
  if (nameSize > <u32>labelNameSizeMax || (nameMax != 0 && nameSize > nameMax)) {
    return refusedLabelNameSize;
  }
  if (!known && !validUtf8(load<u32>(label, labelValue), valueSize)) return refusedLabelValue;
  if (valueSize > <u32>labelValueSizeMax || (valueMax != 0 && valueSize > valueMax)) {
    return refusedLabelValueSize;
  }
  return 0;
}
