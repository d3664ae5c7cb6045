import { constants, createZstdDecompress } from "node:zlib";
import type { Region } from "../kernel/index.ts";
import { assert, UrdError } from "../platform/base/index.ts";
import { BodyWriter, type DecodeContext, exactly, type ReceivedBody } from "./body.ts";
import { writeInvalid } from "./refusals.ts";

/** Window that a frame may ask for when it does not tell its size: RFC 8878 asks for no more. */
const windowLogMax = 23;
/** Largest piece in which a frame is decoded: few turns for big bodies, little waste for small. */
const pieceSizeBytesMax = 1 << 20;
const pieceSizeBytesMin = 1 << 14;

/** A body is one frame; streaming writers add an empty one. More would only be work. */
const framesMax = 16;

/**
 * Decodes a body of zstd frames on Node's own threads. A frame that tells its size gets just
 * that; one that does not may grow up to the limit, and each step is reserved first.
 */
export async function decodeZstd(
  context: DecodeContext,
  body: ReceivedBody,
): Promise<Region | undefined> {
  const { scratch, sizeBytesMax } = context;
  const frames = body.region.bytes.subarray(0, body.sizeBytes);
  const contentSizeBytes = readFrameHeader(frames)?.contentSizeBytes;
  const windowBytes = Math.min(contentSizeBytes ?? 1 << windowLogMax, sizeBytesMax);
  const working = scratch.reserveElsewhere(windowBytes);
  try {
    const writer = new BodyWriter(scratch, { declaredSizeBytes: contentSizeBytes, sizeBytesMax });
    await decodeFrames(writer, frames);
    const decoded = writer.finish();
    scratch.release(body.region);
    return decoded === undefined ? undefined : exactly(scratch, decoded);
  } finally {
    working.release();
  }
}

/** Node stops after a frame and says nothing of what follows, so the next one begins there. */
async function decodeFrames(writer: BodyWriter, frames: Uint8Array): Promise<void> {
  let at = 0;
  for (let count = 0; at < frames.length; count++) {
    if (count === framesMax) throw writeInvalid(`it has more than ${framesMax} zstd frames`);
    const rest = frames.subarray(at);
    const header = readFrameHeader(rest);
    if (header === undefined) throw writeInvalid("it is not a sequence of zstd frames");
    const sizeBytes = await decodeFrame(writer, rest, header);
    assert(sizeBytes > 0, "a zstd frame was decoded from nothing");
    at += sizeBytes;
  }
}

/** Decodes the frame at the start of `bytes`; returns how many bytes it took. */
async function decodeFrame(
  writer: BodyWriter,
  bytes: Uint8Array,
  header: FrameHeader,
): Promise<number> {
  const wanted = Math.min(header.contentSizeBytes ?? 0, writer.sizeBytesMax);
  const stream = createZstdDecompress({
    chunkSize: Math.min(Math.max(wanted, pieceSizeBytesMin), pieceSizeBytesMax),
    params: {
      [constants.ZSTD_d_windowLogMax]: Math.max(windowLogMax, Math.ceil(Math.log2(wanted))),
    },
  });
  try {
    stream.end(bytes);
    for await (const piece of stream as AsyncIterable<Uint8Array>) writer.write(piece);
  } catch (error) {
    if (error instanceof UrdError) throw error;
    throw writeInvalid("a zstd frame of it is malformed");
  } finally {
    stream.destroy();
  }
  return stream.bytesWritten;
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
