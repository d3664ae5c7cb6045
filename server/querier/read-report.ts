import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CompletenessSchema } from "../../gen/urd/query/v1/query_pb.ts";

/** What a query's answer stands on; filled while it reads, told in its trailer. */
export interface ReadReport {
  /** Sources that were asked, by name. */
  readonly asked: Set<string>;
  /** What is missing, for people; a strict query fails instead. */
  readonly missing: Set<string>;
}

/** An empty report. */
export function createReadReport(): ReadReport {
  return { asked: new Set(), missing: new Set() };
}

/** The report as it travels. */
export function completenessOf(report: ReadReport): MessageInitShape<typeof CompletenessSchema> {
  const { asked, missing } = report;
  return { complete: missing.size === 0, asked: [...asked], missing: [...missing] };
}
