import { urdError } from "../model/index.ts";
import type { UrdError } from "../platform/base/index.ts";

/** The request is larger than its tenant may send, as it came or decompressed. */
export function writeTooLarge(limitBytes: number): UrdError {
  return urdError(
    "distributor-max-write-message-size",
    `The write request is larger than ${limitBytes} bytes, as received or decompressed.`,
    { limit: limitBytes },
  );
}

/** The body is not what its headers say; nothing of it was stored. */
export function writeInvalid(reason: string): UrdError {
  return urdError("write-request-invalid", `The write request cannot be read: ${reason}.`);
}
