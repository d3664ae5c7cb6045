/** Castagnoli's polynomial, reflected, as Prometheus's chunk and index files use it. */
const polynomial = 0x82f63b78;

/** Eight tables of 256 words: table k advances a byte by k further zero bytes. */
const tables: Uint32Array = makeTables();

function makeTables(): Uint32Array {
  const words = new Uint32Array(8 * 256);
  for (let i = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    words[i] = crc;
  }
  for (let i = 256; i < words.length; i++) {
    const shorter = words[i - 256]!;
    words[i] = (shorter >>> 8) ^ words[shorter & 0xff]!;
  }
  return words;
}

/**
 * CRC-32C of the bytes, as an unsigned number. `seed` is the checksum of what stood before,
 * so that parts may be fed one after the other. Eight bytes a turn (slicing-by-8).
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const to = bytes.length;
  let crc = ~seed;
  let i = 0;
  for (; i + 8 <= to; i += 8) {
    crc ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    crc =
      tables[1792 + (crc & 0xff)]! ^
      tables[1536 + ((crc >>> 8) & 0xff)]! ^
      tables[1280 + ((crc >>> 16) & 0xff)]! ^
      tables[1024 + (crc >>> 24)]! ^
      tables[768 + bytes[i + 4]!]! ^
      tables[512 + bytes[i + 5]!]! ^
      tables[256 + bytes[i + 6]!]! ^
      tables[bytes[i + 7]!]!;
  }
  for (; i < to; i++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}
