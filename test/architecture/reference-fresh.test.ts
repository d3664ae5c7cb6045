import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configurationReference } from "../../server/runtime/cli/reference.ts";

test("docs/configuration.md is what the options' declarations say (npm run gen:docs)", () => {
  const written = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  expect(written).toBe(configurationReference());
});
