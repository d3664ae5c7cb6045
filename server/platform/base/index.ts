export { AssertionError, assert, defined } from "./assert.ts";
export { type Clock, sleep, systemClock, type Timer } from "./clock.ts";
export {
  type CatalogueEntry,
  CorruptionError,
  type ErrorFacts,
  errorText,
  type GrpcCode,
  UrdError,
} from "./errors.ts";
export { type Prng, seededPrng } from "./prng.ts";
