import { create } from "@bufbuild/protobuf";
import { type ErrorDetail, ErrorDetailSchema } from "../../gen/urd/errors/v1/errors_pb.ts";
import { type ErrorId, errorCatalogue } from "../model/index.ts";
import { type CatalogueEntry, type ErrorFacts, UrdError } from "../platform/base/index.ts";

const idPrefix = "err-urd-";

/** What travels in the status details of a failed call. */
export function errorDetailOf(error: UrdError): ErrorDetail {
  return create(ErrorDetailSchema, {
    id: error.id,
    message: error.message,
    retryable: error.entry.retryable,
    option: error.entry.option ?? "",
    limit: error.limit ?? 0,
    series: error.series ?? "",
    retryAfterMs: BigInt(Math.ceil(error.retryAfterMs ?? 0)),
  });
}

/**
 * The error that a peer told. An id that this version does not know (a newer peer's) keeps
 * its id, text and option, and counts as internal or unavailable as the peer said retryable.
 */
export function errorOfDetail(detail: ErrorDetail): UrdError {
  const facts: { -readonly [K in keyof ErrorFacts]: ErrorFacts[K] } = {};
  if (detail.limit !== 0) facts.limit = detail.limit;
  if (detail.series !== "") facts.series = detail.series;
  if (detail.retryAfterMs !== 0n) facts.retryAfterMs = Number(detail.retryAfterMs);
  return new UrdError(detail.id, entryOf(detail), detail.message, facts);
}

function entryOf(detail: ErrorDetail): CatalogueEntry {
  const id = detail.id.startsWith(idPrefix) ? detail.id.slice(idPrefix.length) : detail.id;
  if (Object.hasOwn(errorCatalogue, id)) return errorCatalogue[id as ErrorId];
  const doc = "An error of a newer version of Urd.";
  const option = detail.option === "" ? {} : { option: detail.option };
  return detail.retryable
    ? { code: "UNAVAILABLE", http: 503, retryable: true, doc, ...option }
    : { code: "INTERNAL", http: 500, retryable: false, doc, ...option };
}
