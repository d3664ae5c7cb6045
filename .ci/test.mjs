// Runs test folders: `node .ci/test.mjs unit contract …`; without names those of `npm test`.
// `--queries N` and `--seed N` are for the differential tests; further arguments that start with a
// dash go to vitest. What the tests run is built first when
// stale: the kernel for all, dist/ for those that start whole processes.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buildKernel, isBuildStale } from "./build.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const everyChange = [
  "unit",
  "contract/local",
  "golden",
  "types",
  "conformance",
  "property",
  "integration",
  "architecture",
  "e2e/one-minute",
];

const args = process.argv.slice(2);
for (const name of ["queries", "seed"]) {
  const at = args.indexOf(`--${name}`);
  if (at < 0) continue;
  const [, value] = args.splice(at, 2);
  process.env[`URD_DIFFERENTIAL_${name.toUpperCase()}`] = value;
}
const names = args.filter((arg) => !arg.startsWith("-"));
const flags = args.filter((arg) => arg.startsWith("-"));
const wanted = names.length > 0 ? names : everyChange;
const isThere = (name) =>
  existsSync(path.join(root, "test", name)) || existsSync(path.join(root, `test/${name}.test.ts`));
const filters = wanted.filter(isThere).map((name) => `test/${name}`);
if (filters.length === 0) {
  process.stdout.write(`no tests in ${wanted.join(", ")}\n0 passed, 0 failed, 0 skipped\n`);
  process.exit(0);
}
const runsProcesses = [
  "conformance",
  "e2e",
  "integration",
  "cluster",
  "clients",
  "web",
  "differential",
];
if (wanted.some((name) => runsProcesses.includes(name.split("/")[0])) && isBuildStale()) {
  execFileSync(process.execPath, [path.join(root, ".ci/build.mjs")], { stdio: "inherit" });
}
buildKernel();
const vitest = path.join(root, "node_modules/vitest/vitest.mjs");
const run = ["run", "--config", "test/vitest.config.ts", ...filters, ...flags];
const { status } = spawnSync(process.execPath, [vitest, ...run], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
