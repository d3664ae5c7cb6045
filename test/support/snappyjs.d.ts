declare module "snappyjs" {
  /** Compresses to one snappy block. */
  export function compress(data: Uint8Array): Uint8Array;
  /** Decompresses one snappy block; throws when it is malformed. */
  export function uncompress(data: Uint8Array): Uint8Array;
}
