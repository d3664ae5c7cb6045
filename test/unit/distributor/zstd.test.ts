import { constants, createZstdCompress, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { createAdmission } from "../../../server/distributor/admission.ts";
import { BodyWriter } from "../../../server/distributor/body.ts";
import { Scratch } from "../../../server/distributor/scratch.ts";
import { decodeZstd, readFrameHeader } from "../../../server/distributor/zstd.ts";
import { collect } from "../../support/collect.ts";
import { createStandInKernel } from "../../support/front-kernel-stand-in.ts";

async function decode(frame: Uint8Array, sizeBytesMax = 2 ** 20): Promise<Uint8Array> {
  const kernel = createStandInKernel();
  const admission = createAdmission({
    inflightPushesMax: 1,
    inflightPushSizeBytesMax: 2 ** 26,
  });
  const scratch = new Scratch(kernel, admission.enter());
  try {
    const writer = new BodyWriter(scratch, {
      declaredSizeBytes: frame.length,
      sizeBytesMax: 2 ** 20,
    });
    writer.write(frame);
    const body = writer.finish();
    if (body === undefined) throw new Error("an empty frame");
    const region = await decodeZstd({ kernel, scratch, sizeBytesMax }, body);
    return Uint8Array.from(region?.bytes ?? []);
  } finally {
    scratch.close();
    expect(kernel.lent).toBe(0);
    expect(admission.inflightSizeBytes).toBe(0);
  }
}

/** A frame that does not tell its size, as streaming writers make it. */
async function streamed(content: Uint8Array): Promise<Uint8Array> {
  const stream = createZstdCompress();
  stream.write(content.subarray(0, 10));
  stream.flush(constants.ZSTD_e_flush);
  stream.end(content.subarray(10));
  return Buffer.concat(await collect(stream as AsyncIterable<Uint8Array>));
}

/** Whole answers by one comparison; a matcher would look at each byte. */
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251);

describe("a zstd body", () => {
  test.each([0, 1, 100, 255, 256, 65_000, 70_000, 300_000])("of %d bytes", async (length) => {
    const part = content.subarray(0, length);
    expect(same(await decode(zstdCompressSync(part)), Uint8Array.from(part))).toBe(true);
  });

  test("without a declared size", async () => {
    const frame = await streamed(content);
    expect(readFrameHeader(frame)).toEqual({ contentSizeBytes: undefined });
    expect(same(await decode(frame), content)).toBe(true);
  });

  test("of several frames is all of them", async () => {
    const frame = zstdCompressSync(content);
    const twice = Uint8Array.from([...content, ...content]);
    expect(same(await decode(Buffer.concat([frame, frame])), twice)).toBe(true);
    expect(same(await decode(Buffer.concat([frame, await streamed(content)])), twice)).toBe(true);
  });

  test("over the limit is refused, with a declared size before anything is decoded", async () => {
    const tooLarge = { id: "err-urd-distributor-max-write-message-size" };
    await expect(decode(zstdCompressSync(content), 299_999)).rejects.toMatchObject(tooLarge);
    await expect(decode(await streamed(content), 299_999)).rejects.toMatchObject(tooLarge);
  });

  test.each([
    ["cut", zstdCompressSync(content).subarray(0, 40)],
    ["no zstd", Uint8Array.from(content.subarray(0, 100))],
    ["tiny", Uint8Array.of(0x28, 0xb5)],
    ["followed by bytes", Buffer.concat([zstdCompressSync(content), Buffer.from("more")])],
    ["too many frames", Buffer.concat(Array.from({ length: 17 }, () => zstdCompressSync("")))],
  ])("that is %s is refused", async (_, frame) => {
    await expect(decode(frame)).rejects.toMatchObject({ id: "err-urd-write-request-invalid" });
  });

  test("that asks for a huge window is refused", async () => {
    const frame = await streamed(content);
    // Window descriptor for 2 GiB.
    frame[5] = 21 << 3;
    await expect(decode(frame)).rejects.toMatchObject({ id: "err-urd-write-request-invalid" });
  });
});
