/** CRC-32C (Castagnoli), eight bytes a turn with eight tables made at start. */

const polynomial: u32 = 0x82f63b78;
const tables: usize = memory.data(8192, 8);

/** Makes the tables; called once per instance. */
export function crcStart(): void {
  for (let i: u32 = 0; i < 256; i++) {
    let crc = i;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
    store<u32>(tables + (i << 2), crc);
  }
  for (let i: u32 = 256; i < 2048; i++) {
    const shorter = load<u32>(tables + ((i - 256) << 2));
    store<u32>(tables + (i << 2), (shorter >> 8) ^ tableWord(0, shorter & 0xff));
  }
}

function tableWord(table: u32, byte: u32): u32 {
  return load<u32>(tables + (table << 10) + (byte << 2));
}

/** Checksum of `size` bytes. */
export function crc32c(from: usize, size: usize): u32 {
  const end = from + size;
  let crc: u32 = 0xffffffff;
  let at = from;
  for (; at + 8 <= end; at += 8) {
    const low = load<u32>(at) ^ crc;
    const high = load<u32>(at, 4);
    crc =
      tableWord(7, low & 0xff) ^
      tableWord(6, (low >> 8) & 0xff) ^
      tableWord(5, (low >> 16) & 0xff) ^
      tableWord(4, low >> 24) ^
      tableWord(3, high & 0xff) ^
      tableWord(2, (high >> 8) & 0xff) ^
      tableWord(1, (high >> 16) & 0xff) ^
      tableWord(0, high >> 24);
  }
  for (; at < end; at++) crc = (crc >> 8) ^ tableWord(0, (crc ^ load<u8>(at)) & 0xff);
  return ~crc;
}
