import type { BuildInfo } from "../platform/telemetry/index.ts";

/** Put in by the build; running from source there is no such variable. */
declare const urdBuild: BuildInfo | undefined;

/** What runs: the version and revision that were built, or `source`. */
export const buildInfo: BuildInfo =
  typeof urdBuild === "undefined" ? { version: "source", revision: "unknown" } : urdBuild;
