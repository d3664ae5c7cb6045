export { createIngesterHandlers, type IngesterParts } from "./handlers.ts";
export { MetadataStore } from "./metadata.ts";
export type { ShardThreadData } from "./thread-data.ts";
