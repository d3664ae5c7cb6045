import {
  refusalStride,
  reportFault,
  reportFaultOffset,
  reportPointer,
  reportRefusals,
  reportSize,
  reportTotal,
} from "../layout";
import { wireFault, wireFaultAt } from "./wire";

/** Where calls leave their results for the typed face; `layout.ts` has the offsets. */
export const report: usize = memory.data(1024, 16);

/** Address of the report. */
export function reportAddress(): usize {
  return report;
}

/** Forgets the former results. */
export function reportClear(): void {
  memory.fill(report, 0, reportTotal);
}

/** Reports the wire's fault with its offset in the input; false when there is none. */
export function reportWireFault(base: usize): bool {
  if (wireFault == 0) return false;
  store<u32>(report, wireFault, reportFault);
  store<u32>(report, <u32>(wireFaultAt - base), reportFaultOffset);
  return true;
}

/** Reports bytes that the call lends. */
export function reportView(pointer: usize, size: usize): void {
  store<u32>(report, <u32>pointer, reportPointer);
  store<u32>(report, <u32>size, reportSize);
}

/** Place of the series message that refusals are about, set before judging it. */
let placeOffset: u32 = 0;
let placeSize: u32 = 0;

/** Names the series message that the next refusals belong to. */
export function refusalPlace(offset: u32, size: u32): void {
  placeOffset = offset;
  placeSize = size;
}

/** Counts refused samples; the first of a kind becomes its example. */
export function refuse(kind: u32, samples: u32, time: i64): void {
  const entry = report + reportRefusals + kind * refusalStride;
  const before = load<u32>(entry);
  if (before == 0) {
    store<u32>(entry, placeOffset, 4);
    store<u32>(entry, placeSize, 8);
    store<f64>(entry, <f64>time, 16);
  }
  store<u32>(entry, before + samples, 0);
}
