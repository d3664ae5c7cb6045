// Builds dist/: urd.mjs, its thread entries and kernel.wasm, with everything bundled, so that
// the folder runs anywhere on Node 22.19 or later with nothing else beside it.
//   node .ci/build.mjs            build all
//   node .ci/build.mjs --kernel   build server/kernel/build/kernel.wasm only, when it is stale
import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, globSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const kernel = path.join(root, "server/kernel/build/kernel.wasm");
const kernelSources = ["server/kernel/assembly/**/*.ts", "package.json"];
const sources = ["server/**/*.ts", "gen/**/*.ts", ".ci/build.mjs", "package-lock.json"];

/** True when one of the files that `patterns` name is newer than `target`, or it is missing. */
function isStale(target, patterns) {
  if (!existsSync(target)) return true;
  const builtMs = statSync(target).mtimeMs;
  const files = globSync(patterns, { cwd: root });
  return files.some((file) => statSync(path.join(root, file)).mtimeMs > builtMs);
}

/** Compiles the kernel when its sources are newer. */
export function buildKernel() {
  if (!isStale(kernel, kernelSources)) return;
  execFileSync("npm", ["run", "--silent", "build:kernel"], { cwd: root, stdio: "inherit" });
}

/** True when `build` would make something other than what dist/ holds. */
export function isBuildStale() {
  return isStale(path.join(root, "dist/urd.mjs"), [...sources, ...kernelSources]);
}

function revision() {
  try {
    const args = ["rev-parse", "--short=12", "HEAD"];
    return execFileSync("git", args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
  } catch {
    return "unknown";
  }
}

/** Some dependencies are CommonJS and ask for Node's modules by require. */
const banner = [
  'import { createRequire as createRequireOfBundle } from "node:module";',
  "const require = createRequireOfBundle(import.meta.url);",
  "const __filename = import.meta.filename;",
  "const __dirname = import.meta.dirname;",
].join("\n");

async function build() {
  buildKernel();
  const { build: bundle } = await import("esbuild");
  const dist = path.join(root, "dist");
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
  const threads = globSync("server/**/*-thread.ts", { cwd: root });
  const entryPoints = { urd: "server/main.ts" };
  for (const file of threads) entryPoints[path.basename(file, ".ts")] = file;
  rmSync(dist, { recursive: true, force: true });
  await bundle({
    absWorkingDir: root,
    entryPoints,
    outdir: dist,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.19",
    sourcemap: true,
    sourcesContent: false,
    legalComments: "linked",
    banner: { js: banner },
    define: { urdBuild: JSON.stringify({ version, revision: revision() }) },
    logLevel: "warning",
  });
  copyFileSync(kernel, path.join(dist, "kernel.wasm"));
  copyFileSync(path.join(root, "LICENSE"), path.join(dist, "LICENSE"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv.includes("--kernel")) buildKernel();
  else await build();
}
