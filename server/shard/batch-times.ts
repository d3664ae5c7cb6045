/**
 * Times in the body of a batch record, as `face.ts` lays it out: rows at the end, in columns of
 * u32 ref, i64 time, f64 value.
 */
const rowSizeBytes = 20;
const rowsOffsetBytes = 8;
const headSizeBytes = 12;
const samplesMax = 64;

/** Least and greatest of some times of a record, spread over its rows; undefined without rows. */
export function timesOfRecord(
  body: Uint8Array,
): { readonly minMs: number; readonly maxMs: number } | undefined {
  if (body.length < headSizeBytes) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const rows = view.getUint32(rowsOffsetBytes, true);
  if (rows === 0 || headSizeBytes + rows * rowSizeBytes > body.length) return undefined;
  const timesAt = body.length - rows * 16;
  const step = Math.max(1, Math.floor(rows / samplesMax));
  let minMs = Number.POSITIVE_INFINITY;
  let maxMs = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows; row += step) {
    const at = timesAt + 8 * row;
    const timeMs = view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
    if (timeMs < minMs) minMs = timeMs;
    if (timeMs > maxMs) maxMs = timeMs;
  }
  return { minMs, maxMs };
}
