import { type Labels, labelValue, metricNameLabel } from "../../model/index.ts";
import type { AnnotationKind, Annotations } from "../annotations.ts";
import { quoteString } from "../parser/go-text.ts";
import type { Position } from "../parser/index.ts";

/** A series about which there is something to say, and where the query asks for it. */
export interface RemarkPlace {
  readonly labels: Labels;
  readonly annotations: Annotations;
  readonly position: Position;
}

/** Adds a remark that ends with the name of the metric. */
export function remarkOnMetric(kind: AnnotationKind, text: string, place: RemarkPlace): undefined {
  const name = quoteString(labelValue(place.labels, metricNameLabel));
  place.annotations.add({ kind, text: `${text} ${name}`, position: place.position });
}

/** A series has floats and histograms where only one kind can be dealt with. */
export const mixedKindsText = "encountered a mix of histograms and floats for metric name";

/** A series has histograms with exponential and with custom buckets, which do not add up. */
export const mixedBucketsText =
  "vector contains a mix of histograms with exponential and custom buckets schemas for metric name";
