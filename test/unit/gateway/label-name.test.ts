import { expect, test } from "vitest";
import { labelNameOf } from "../../../server/gateway/label-name.ts";

test.each([
  ["job", "job"],
  ["a%2Fb", "a/b"],
  ["U__my_2e_label", "my.label"],
  ["U__a__b", "a_b"],
  ["U____", "_"],
  ["U__smile_1F600_", "smile\u{1f600}"],
  ["U__a_2e__b", "U__a_2e__b"],
  ["U__open_2e", "U__open_2e"],
  ["U__d800_d800_", "U__d800_d800_"],
  ["U__big_110000_", "U__big_110000_"],
  ["U__long_0000041_", "U__long_0000041_"],
])("%s is the label %s", (segment, name) => {
  expect(labelNameOf(segment)).toBe(name);
});

test.each(["", "U__", "%ff", "%"])("%j can be no label", (segment) => {
  expect(() => labelNameOf(segment)).toThrow("invalid label name");
});
