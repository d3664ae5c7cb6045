import { join } from "node:path";
import { createMemoryStore } from "./promqltest/memory-store.ts";
import { describeScripts, readExpectedFailures, scriptsFolder } from "./promqltest/suite.ts";

const isOther = process.env["PROMQLTEST_DIR"] !== undefined;

describeScripts({
  title: isOther ? "scripts of PROMQLTEST_DIR" : "Prometheus's scripts",
  folder: scriptsFolder,
  createStore: createMemoryStore,
  expectedFailures: isOther
    ? new Set()
    : readExpectedFailures(join(import.meta.dirname, "expected-failures.txt")),
});
