import { expect, test } from "vitest";
import { editDistance, nearestName } from "../../../../server/platform/config/nearest.ts";

test("the distance counts inserted, deleted and changed letters", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("same", "same")).toBe(0);
});

test("only what is near is suggested", () => {
  expect(nearestName("prot", ["port", "host"])).toBe("port");
  expect(nearestName("window", ["limits.windows", "limits.rate"])).toBe("limits.windows");
  expect(nearestName("unrelated", ["port"])).toBeUndefined();
});
