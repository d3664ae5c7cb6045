export type { IngesterParts } from "./handlers.ts";
export type { ShardThreadData } from "./thread-data.ts";
