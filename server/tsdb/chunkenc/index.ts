export { makeColumns, reserveSamples, type SampleColumns } from "./columns.ts";
export { createXorDecoder, type TimeRange, type XorDecoder } from "./xor-decode.ts";
export { encodeXor } from "./xor-encode.ts";
