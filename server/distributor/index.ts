export type { InstanceLimits } from "./admission.ts";
export { createDistributor, type Distributor } from "./distributor.ts";
export { createPushHandlers } from "./push-service.ts";
export type { IngesterClient } from "./shard-push.ts";
