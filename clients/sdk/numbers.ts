import { UrdClientError } from "./errors.ts";
import type { Time } from "./types.ts";

/** Milliseconds of a moment or a duration. Fractions are cut off: clocks give them. */
export function milliseconds(time: Time, name: string): bigint {
  return whole(Math.trunc(Number(time)), name);
}

/** A whole number as the protocol wants it; `name` is the option's, for the error. */
export function whole(value: number, name: string): bigint {
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new UrdClientError(`The option ${name} is ${value}, which is no whole number.`, {
    id: "err-urd-request-invalid",
    code: "INVALID_ARGUMENT",
    retryable: false,
  });
}
