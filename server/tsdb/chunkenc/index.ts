export { makeColumns, reserveSamples, type SampleColumns } from "./columns.ts";
export { createXorDecoder, type TimeRange, type XorDecoder } from "./xor-decode.ts";
/** @public For what writes blocks, and for tests. */
export { encodeXor } from "./xor-encode.ts";
