/** A byte array that grows by doubling and keeps its storage when emptied. */
export interface GrowingBytes {
  bytes: Uint8Array;
  length: number;
}

/** Makes room for `sizeBytes` more; at least doubles, so appending stays linear. */
export function reserveBytes(out: GrowingBytes, sizeBytes: number): void {
  const needed = out.length + sizeBytes;
  if (needed <= out.bytes.length) return;
  const larger = new Uint8Array(Math.max(needed, 2 * out.bytes.length));
  larger.set(out.bytes.subarray(0, out.length));
  out.bytes = larger;
}
