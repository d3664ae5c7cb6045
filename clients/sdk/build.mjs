// Builds dist/: one module for Node, one for browsers, each with its part of gen/ bundled and
// the packages it stands on left outside, and the declarations of both.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = path.join(here, "../..");
const dist = path.join(here, "dist");

const shared = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  packages: "external",
  sourcemap: true,
};

rmSync(dist, { recursive: true, force: true });
await build({ ...shared, platform: "node", entryPoints: ["index.ts"], outfile: "dist/index.js" });
await build({
  ...shared,
  platform: "browser",
  entryPoints: ["browser.ts"],
  outfile: "dist/browser.js",
});
const tsc = path.join(root, "node_modules/.bin/tsc");
execFileSync(tsc, ["-p", path.join(here, "tsconfig.build.json")], { stdio: "inherit" });
