import { expect, test } from "vitest";
import { partCountMax, readSizeBytesMax } from "../../../server/objstore/bucket.ts";
import { partSizeFor } from "../../../server/objstore/upload-object.ts";

const mib = 1024 * 1024;

test("parts are as small as their number allows, and of a size that every store takes", () => {
  expect(partSizeFor(9 * mib)).toBe(8 * mib);
  for (const gib of [7, 8, 10, 33, 50, 62]) {
    const sizeBytes = gib * 1024 * mib;
    const part = partSizeFor(sizeBytes);
    expect(part % (256 * 1024)).toBe(0);
    expect(Math.ceil(sizeBytes / part)).toBeLessThanOrEqual(partCountMax);
    expect(part).toBeLessThanOrEqual(readSizeBytesMax);
  }
  expect(() => partSizeFor(63 * 1024 * mib)).toThrow(/too large/);
});
