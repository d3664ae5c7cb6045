import type { Region } from "../kernel/index.ts";
import { type DecodeContext, exactly, type ReceivedBody } from "./body.ts";
import { writeInvalid, writeTooLarge } from "./refusals.ts";
import { decodeZstd } from "./zstd.ts";

/** How a body is compressed. */
export type BodyEncoding = "snappy" | "zstd" | "none";

/**
 * Makes the uncompressed message of a body, in a region of exactly its size; undefined when it
 * has no bytes. The body's own region is given back. Throws when it is malformed or too large;
 * memory is only reserved for a size that was declared, plausible and allowed.
 */
export function decodeBody(
  context: DecodeContext,
  encoding: BodyEncoding,
  body: ReceivedBody | undefined,
): Promise<Region | undefined> | Region | undefined {
  if (body === undefined) {
    if (encoding === "none") return undefined;
    throw writeInvalid(`an empty body is not ${encoding}`);
  }
  if (encoding === "zstd") return decodeZstd(context, body);
  return encoding === "snappy" ? decodeSnappy(context, body) : exactly(context.scratch, body);
}

/**
 * A snappy element of 3 bytes makes at most 64, so a block that declares more than 64/3 times
 * its own size lies, whatever stands in it.
 */
const snappyRatioMax = 64 / 3;

function decodeSnappy(context: DecodeContext, body: ReceivedBody): Region | undefined {
  const { kernel, scratch, sizeBytesMax } = context;
  const sizeBytes = kernel.uncompressedSize(body.region.bytes.subarray(0, body.sizeBytes));
  if (sizeBytes === undefined) throw writeInvalid("it is not a snappy block");
  if (sizeBytes > sizeBytesMax) throw writeTooLarge(sizeBytesMax);
  if (sizeBytes > body.sizeBytes * snappyRatioMax) throw writeInvalid("its snappy block is cut");
  if (sizeBytes === 0) {
    if (body.sizeBytes !== 1) throw writeInvalid("its snappy block is malformed");
    scratch.release(body.region);
    return undefined;
  }
  const target = scratch.allocate(sizeBytes);
  if (!kernel.uncompress(body.region, body.sizeBytes, target)) {
    throw writeInvalid("its snappy block is malformed");
  }
  scratch.release(body.region);
  return target;
}
