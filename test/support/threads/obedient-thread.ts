/** A thread for tests: serves at once, dies on `die`, ends on `stop`, hangs when told to. */
import { parentPort, workerData } from "node:worker_threads";

const { mode } = workerData as { mode: "good" | "broken" | "deaf" };
if (mode === "broken") throw new Error("born broken");
parentPort?.on("message", (message: { kind: string }) => {
  if (message.kind === "die") throw new Error("told to die");
  if (message.kind === "stop" && mode !== "deaf") process.exit(0);
});
parentPort?.postMessage({ kind: "progress", text: "warming up" });
parentPort?.postMessage({ kind: "serving" });
