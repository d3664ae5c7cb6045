/**
 * The one error type that crosses folders, and the mechanism of catalogues. The entries
 * themselves stand in `server/model/error-catalogue.ts`; this file knows none of them.
 */

/** Names of gRPC status codes that Urd answers with. */
export type GrpcCode =
  | "CANCELLED"
  | "UNKNOWN"
  | "INVALID_ARGUMENT"
  | "DEADLINE_EXCEEDED"
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "RESOURCE_EXHAUSTED"
  | "FAILED_PRECONDITION"
  | "OUT_OF_RANGE"
  | "UNIMPLEMENTED"
  | "INTERNAL"
  | "UNAVAILABLE"
  | "DATA_LOSS";

/** One line of a catalogue: what an error id means to clients of either protocol. */
export interface CatalogueEntry {
  readonly code: GrpcCode;
  readonly http: number;
  /** True when the same request may succeed later without a change. */
  readonly retryable: boolean;
  /** Configuration key to change, or undefined when no option would help. */
  readonly option?: string;
  /** What the reader of the documentation learns: when it happens and what to do. */
  readonly doc: string;
}

/** What an error says beside its id and its sentence. */
export interface ErrorFacts {
  /** The limit in force, in the unit of the option. */
  readonly limit?: number;
  /** The series concerned, in Prometheus notation; cut to 1 KiB by the constructor. */
  readonly series?: string;
  /** How long the client should wait, ms. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

const seriesTextLengthMax = 1024;

/**
 * An expected failure of a call, with a stable id of the catalogue. Thrown when the call as
 * a whole fails; items of a batch carry the same as plain values instead.
 */
export class UrdError extends Error {
  readonly id: string;
  readonly entry: CatalogueEntry;
  readonly limit: number | undefined;
  readonly series: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(id: string, entry: CatalogueEntry, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "UrdError";
    this.id = id;
    this.entry = entry;
    this.limit = facts.limit;
    this.series = facts.series?.slice(0, seriesTextLengthMax);
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** Bytes on disk or in a bucket are not what was written. Never mixed with "not found". */
export class CorruptionError extends Error {
  readonly file: string;
  readonly offsetBytes: number;

  constructor(at: { file: string; offsetBytes: number }, message: string, cause?: unknown) {
    super(
      `${at.file} at byte ${at.offsetBytes}: ${message}`,
      cause === undefined ? undefined : { cause },
    );
    this.name = "CorruptionError";
    this.file = at.file;
    this.offsetBytes = at.offsetBytes;
  }
}

/** Text of anything thrown, for logs and for wrapping. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
