import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  CounterResetHint as WireHint,
  NativeHistogramSchema,
} from "../../gen/urd/query/v1/query_pb.ts";
import type { CounterResetHint, FloatHistogram } from "../model/index.ts";

const hints: Readonly<Record<CounterResetHint, WireHint>> = {
  unknown: WireHint.UNSPECIFIED,
  reset: WireHint.RESET,
  "not-reset": WireHint.NOT_RESET,
  gauge: WireHint.GAUGE,
};

/** The bytes of urd.query.v1.NativeHistogram. */
export function histogramBytes(h: FloatHistogram): Uint8Array {
  return toBinary(NativeHistogramSchema, create(NativeHistogramSchema, histogramMessage(h)));
}

function histogramMessage(h: FloatHistogram): MessageInitShape<typeof NativeHistogramSchema> {
  const { schema, zeroThreshold, zeroCount, count, sum, positive, negative } = h;
  return {
    ...{ schema, zeroThreshold, zeroCount, count, sum },
    positiveIndices: [...positive.indices],
    positiveCounts: [...positive.counts],
    negativeIndices: [...negative.indices],
    negativeCounts: [...negative.counts],
    customBounds: [...h.customBounds],
    hint: hints[h.hint],
  };
}
