import type {
  FrontKernel,
  PayloadCounts,
  PayloadFault,
  PayloadFormat,
  Region,
} from "../kernel/index.ts";
import { writeInvalid } from "./refusals.ts";

/**
 * Most parts of one request. Nothing is allocated per part here, yet each costs time further
 * down: a series of two bytes is as much work as one of three hundred. A request of 100 MiB
 * with ordinary series has a third of a million of them.
 */
const seriesMax = 2_000_000;
const rowsMax = 10_000_000;

const faultTexts: Readonly<Record<PayloadFault["fault"], string>> = {
  truncated: "the protobuf message ends too early",
  malformed: "it is not a protobuf message of the announced type",
  "symbol-out-of-range": "a symbol reference points outside of the symbol table",
  "odd-label-refs": "a series has an odd number of label references",
  "too-many-objects": "it has too many parts",
};

/**
 * Walks a message once: what passes is well-formed to its end and of a bearable number of
 * parts. Throws otherwise, with nothing stored.
 */
export function inspect(
  kernel: FrontKernel,
  format: PayloadFormat,
  payload: Region,
): PayloadCounts {
  const found = kernel.scan(format, payload);
  if ("fault" in found) {
    throw writeInvalid(`${faultTexts[found.fault]} (at byte ${found.offsetBytes})`);
  }
  if (found.series + found.metadata > seriesMax) {
    throw writeInvalid(`it has more than ${seriesMax} series`);
  }
  if (rowsOf(found) > rowsMax) throw writeInvalid(`it has more than ${rowsMax} samples`);
  return found;
}

/** Samples, histograms and exemplars of a request. */
export function rowsOf(counts: PayloadCounts): number {
  return counts.samples + counts.histograms + counts.exemplars;
}
