export type { Admission, InstanceLimits } from "./admission.ts";
export type { BodyEncoding } from "./decode.ts";
export {
  createDistributor,
  type Distributor,
  type DistributorOptions,
  type IncomingPush,
  type PushHead,
} from "./distributor.ts";
export type { PushOutcome, RefusedSamples } from "./outcome.ts";
export { createPushHandlers } from "./push-service.ts";
export type { IngesterClient } from "./shard-push.ts";
