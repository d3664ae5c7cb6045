import { detectReset, emptyHistogram, type FloatHistogram } from "../../model/index.ts";
import type { SeriesColumns } from "../../storage/index.ts";

/**
 * The series with nothing left of its histograms but schema, count, sum and hint. A histogram that does
 * not tell is compared with the one read before; of the first one nothing is known.
 */
export function withStatisticsOnly(series: SeriesColumns): SeriesColumns {
  const { histograms, from, to } = series;
  if (histograms === undefined) return series;
  const reduced = new Array<FloatHistogram | undefined>(to).fill(undefined);
  let before: FloatHistogram | undefined;
  for (let i = from; i < to; i++) {
    const h = histograms[i];
    if (h === undefined) continue;
    const { schema, count, sum } = h;
    reduced[i] = { ...emptyHistogram, schema, count, sum, hint: hintOf(h, before) };
    before = h;
  }
  return { ...series, histograms: reduced };
}

function hintOf(h: FloatHistogram, before: FloatHistogram | undefined): FloatHistogram["hint"] {
  if (h.hint !== "unknown" || before === undefined) return h.hint;
  return detectReset(h, before) ? "reset" : "not-reset";
}
