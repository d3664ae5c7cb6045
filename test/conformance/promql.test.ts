import { join } from "node:path";
import { createMemoryStore } from "./promqltest/memory-store.ts";
import { describeScripts, readExpectedFailures, scriptsFolder } from "./promqltest/suite.ts";

describeScripts({
  title: "the engine alone",
  folder: scriptsFolder,
  createStore: createMemoryStore,
  expectedFailures: readExpectedFailures(join(import.meta.dirname, "expected-failures.txt")),
});

if (process.env["PROMQLTEST_DIR"] === undefined) {
  describeScripts({
    title: "our own scripts",
    folder: join(import.meta.dirname, "own"),
    createStore: createMemoryStore,
    expectedFailures: new Set(),
  });
}
