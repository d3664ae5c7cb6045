import xxhash from "xxhash-wasm";
import type { Labels } from "../../model/index.ts";

/** Hashes a label set into [0, 1], as Prometheus places series for limit_ratio. */
export type LabelsPlacer = (labels: Labels) => number;

/**
 * Prometheus hashes labels in the form in which it holds them: each name and value after its
 * size, one byte below 255, else 255 and three bytes, little-endian.
 */
export async function createLabelsPlacer(): Promise<LabelsPlacer> {
  const { h64Raw } = await xxhash();
  const encoder = new TextEncoder();
  return (labels) => {
    const bytes: number[] = [];
    for (const text of labels) {
      const encoded = encoder.encode(text);
      const size = encoded.length;
      if (size < 255) bytes.push(size);
      else bytes.push(255, size & 255, (size >>> 8) & 255, (size >>> 16) & 255);
      for (const byte of encoded) bytes.push(byte);
    }
    return Number(h64Raw(Uint8Array.from(bytes))) / 2 ** 64;
  };
}
