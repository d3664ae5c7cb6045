/**
 * Where an answer's bytes are put together: one buffer that is used over and over, from which
 * full pieces are cut off. Allocated once per answer, because a fresh large buffer costs more
 * in page faults than filling it.
 */
export interface PieceBuffer {
  /** Written up to `length`; may be replaced by `reserve`. */
  bytes: Uint8Array;
  length: number;
  /** Pieces cut off and not taken yet. */
  readonly pieces: Uint8Array<ArrayBuffer>[];
}

/** A piece is cut off as soon as it has this size; what is reserved at a time comes on top. */
const pieceSizeBytes = 128 * 1024;
const bufferSizeBytesFirst = 8 * 1024;

/** An empty buffer. */
export function makePieceBuffer(): PieceBuffer {
  return { bytes: new Uint8Array(bufferSizeBytesFirst), length: 0, pieces: [] };
}

/** Makes room for `sizeBytes` behind `length`, cutting off a piece when one is full. */
export function reserve(buffer: PieceBuffer, sizeBytes: number): void {
  if (buffer.length >= pieceSizeBytes) cut(buffer);
  const needed = buffer.length + sizeBytes;
  if (needed <= buffer.bytes.length) return;
  const larger = new Uint8Array(Math.max(needed, 2 * buffer.bytes.length));
  larger.set(buffer.bytes.subarray(0, buffer.length));
  buffer.bytes = larger;
}

/** Full pieces since the last call, each with an ArrayBuffer of its own. */
export function takePieces(buffer: PieceBuffer): readonly Uint8Array<ArrayBuffer>[] {
  return buffer.pieces.splice(0);
}

/** All that is left, the last piece being smaller. */
export function takeRest(buffer: PieceBuffer): readonly Uint8Array<ArrayBuffer>[] {
  if (buffer.length > 0) cut(buffer);
  return takePieces(buffer);
}

function cut(buffer: PieceBuffer): void {
  const piece = new Uint8Array(buffer.length);
  piece.set(buffer.bytes.subarray(0, buffer.length));
  buffer.pieces.push(piece);
  buffer.length = 0;
}
