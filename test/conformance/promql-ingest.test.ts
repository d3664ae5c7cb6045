import { join } from "node:path";
import { afterAll, beforeAll, vi } from "vitest";
import { type LiveStore, startLiveStore } from "./promqltest/live-store.ts";
import { describeScripts, readExpectedFailures, scriptsFolder } from "./promqltest/suite.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 300_000 });

let live: LiveStore;
beforeAll(async () => {
  live = await startLiveStore();
});
afterAll(() => live.stop());

/* Remote write 2.0 into a whole Urd, and its own query service: what the engine does alone. */
describeScripts({
  title: "through the ingest path",
  folder: scriptsFolder,
  createStore: () => live,
  mode: { pinned: false },
  expectedFailures: readExpectedFailures(join(import.meta.dirname, "expected-failures-ingest.txt")),
});
