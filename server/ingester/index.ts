export type { IngesterParts } from "./handlers.ts";
export type {
  BackgroundThreadData,
  BackgroundThreadMessage,
  ShardThreadData,
} from "./thread-data.ts";
