/** The process: command line → configuration → runtime. */
import { readFileSync } from "node:fs";
import process from "node:process";
import { systemClock } from "./platform/base/index.ts";
import { runCommandLine, serve } from "./runtime/index.ts";

const code = await runCommandLine({
  args: process.argv.slice(2),
  environment: process.env,
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  readFile: (path) => readFileSync(path, "utf8"),
  serve: (config) => serve(config, systemClock),
});
process.exit(code);
