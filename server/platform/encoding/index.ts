export { crc32c } from "./crc32c.ts";
export {
  type ByteCursor,
  badVarint,
  int64SizeBytes,
  readInt64,
  readUvarint,
  uvarintSizeBytes,
  writeInt64,
  writeUvarint,
} from "./varint.ts";
