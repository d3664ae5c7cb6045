import { constants, createZstdDecompress } from "node:zlib";
import type { Region } from "../kernel/index.ts";
import { UrdError } from "../platform/base/index.ts";
import { BodyWriter, exactly, type ReceivedBody } from "./body.ts";
import type { DecodeContext } from "./decode.ts";
import { writeInvalid, writeTooLarge } from "./refusals.ts";

/** Window that a frame may ask for when it does not tell its size: RFC 8878 asks for no more. */
const windowLogMax = 23;
/** Largest piece in which a frame is decoded: few turns for big bodies, little waste for small. */
const pieceSizeBytesMax = 1 << 20;
const pieceSizeBytesMin = 1 << 14;

/**
 * Decodes a body of exactly one zstd frame on Node's own threads. A frame that tells its size
 * gets just that; one that does not may grow up to the limit, and each step is reserved first.
 */
export async function decodeZstd(
  context: DecodeContext,
  body: ReceivedBody,
): Promise<Region | undefined> {
  const frame = body.region.bytes.subarray(0, body.sizeBytes);
  const header = readFrameHeader(frame);
  if (header === undefined) throw writeInvalid("it is not a zstd frame");
  const { contentSizeBytes } = header;
  if ((contentSizeBytes ?? 0) > context.sizeBytesMax) throw writeTooLarge(context.sizeBytesMax);
  const windowBytes = Math.min(contentSizeBytes ?? 1 << windowLogMax, context.sizeBytesMax);
  const working = context.scratch.reserveElsewhere(windowBytes);
  try {
    const writer = new BodyWriter(context.scratch, {
      declaredSizeBytes: contentSizeBytes,
      sizeBytesMax: context.sizeBytesMax,
    });
    await decodeInto(writer, frame, contentSizeBytes);
    const decoded = writer.finish();
    context.scratch.release(body.region);
    return decoded === undefined ? undefined : exactly(context.scratch, decoded);
  } finally {
    working.release();
  }
}

async function decodeInto(
  writer: BodyWriter,
  frame: Uint8Array,
  contentSizeBytes: number | undefined,
): Promise<void> {
  const wanted = contentSizeBytes ?? pieceSizeBytesMin;
  const stream = createZstdDecompress({
    chunkSize: Math.min(Math.max(wanted, pieceSizeBytesMin), pieceSizeBytesMax),
    params: {
      [constants.ZSTD_d_windowLogMax]: Math.max(windowLogMax, Math.ceil(Math.log2(wanted))),
    },
  });
  try {
    stream.end(frame);
    for await (const piece of stream as AsyncIterable<Uint8Array>) writer.write(piece);
  } catch (error) {
    if (error instanceof UrdError) throw error;
    throw writeInvalid("its zstd frame is malformed");
  } finally {
    stream.destroy();
  }
  // Node stops after the first frame and says nothing of what follows: it would be lost.
  if (stream.bytesWritten !== frame.length) throw writeInvalid("bytes follow its zstd frame");
}

/** What the header of a zstd frame tells (RFC 8878, 3.1.1.1). */
interface FrameHeader {
  /** Size of the decoded content, when the frame declares it. */
  readonly contentSizeBytes: number | undefined;
}

const magic = 0xfd2fb528;
const dictionaryIdSizes = [0, 1, 2, 4] as const;

/** Reads a frame's header; undefined when there is none. */
export function readFrameHeader(frame: Uint8Array): FrameHeader | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 6 || view.getUint32(0, true) !== magic) return undefined;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryIdSize = dictionaryIdSizes[(descriptor & 3) as 0 | 1 | 2 | 3];
  const at = 5 + (singleSegment ? 0 : 1) + dictionaryIdSize;
  const sizeFlag = descriptor >> 6;
  if (sizeFlag === 0 && !singleSegment) return { contentSizeBytes: undefined };
  if (at + (1 << sizeFlag) > frame.length) return undefined;
  switch (sizeFlag) {
    case 0:
      return { contentSizeBytes: view.getUint8(at) };
    case 1:
      return { contentSizeBytes: view.getUint16(at, true) + 256 };
    case 2:
      return { contentSizeBytes: view.getUint32(at, true) };
    default:
      return { contentSizeBytes: Number(view.getBigUint64(at, true)) };
  }
}
