import { expect, test } from "vitest";
import { crc32c } from "../../../../server/platform/encoding/index.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

test("known checksums (RFC 3720, B.4 and the usual check value)", () => {
  expect(crc32c(ascii("123456789"))).toBe(0xe306_9283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a91_36aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8_ab43);
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd_794e);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

test("parts may be fed one after the other, cut anywhere", () => {
  const bytes = Uint8Array.from({ length: 41 }, (_, i) => i * 7);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
  }
});
