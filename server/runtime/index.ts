export { runCommandLine } from "./cli/command-line.ts";
export { serve } from "./serve.ts";
