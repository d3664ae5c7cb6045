import { writeFileSync } from "node:fs";
import process from "node:process";
import { configurationReference } from "./reference.ts";

writeFileSync(process.argv[2] ?? "docs/configuration.md", configurationReference());
