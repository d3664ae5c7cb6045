export type { QueryThreadData, QueryThreadMessage } from "./query-thread-messages.ts";
