import { expect, test } from "vitest";
import { moduleNames, modules, modulesFor } from "../../../server/runtime/modules.ts";

test("the names stand in an order in which they can start", () => {
  for (const [index, name] of moduleNames.entries()) {
    for (const need of modules[name]) expect(moduleNames.indexOf(need)).toBeLessThan(index);
  }
});

test("all of them are needed for everything", () => {
  expect(modulesFor(["all"])).toEqual(moduleNames);
  expect(modulesFor([])).toEqual([]);
});
