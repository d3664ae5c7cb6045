/** The thread that syncs the logs of all shards to disk; see `serveSyncs` for why it is apart. */
import { type MessagePort, parentPort } from "node:worker_threads";
import { defined } from "../platform/base/index.ts";
import { serveSyncs } from "../shard/index.ts";

const parent = defined(parentPort, "the parent of the log-sync thread");

parent.on("message", (message: { kind: "connect"; port: MessagePort } | { kind: "stop" }) => {
  if (message.kind === "connect") serveSyncs(message.port);
  else process.exit(0);
});
parent.postMessage({ kind: "serving" });
