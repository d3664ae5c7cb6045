export {
  type ColumnsFrameEncoder,
  createColumnsFrameEncoder,
} from "./columns-frame.ts";
export { errorDetailOf, errorOfDetail } from "./errors.ts";
export { createLabelSetLog, type LabelSetLog } from "./label-set-log.ts";
export { selectionOf, selectorOf } from "./matchers.ts";
export { ReceivedLabelSets } from "./received-label-sets.ts";
export {
  createSeriesFrameEncoder,
  type FrameChunk,
  type KnownSets,
} from "./series-frame.ts";
export {
  createSeriesFrameDecoder,
  type ReceivedSeries,
  type SeriesFrameDecoder,
} from "./series-frame-decoder.ts";
export { labelsOfRefs } from "./symbol-table.ts";
