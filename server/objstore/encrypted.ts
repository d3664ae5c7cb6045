import type { Bucket, ServerSideEncryption } from "./bucket.ts";

/** The same bucket, with another encryption for what is written: a tenant may have its own. */
export function encrypted(bucket: Bucket, encryption: ServerSideEncryption): Bucket {
  return {
    address: bucket.address,
    list: (request, call) => bucket.list(request, call),
    head: (name, call) => bucket.head(name, call),
    read: (name, range, call) => bucket.read(name, range, call),
    write: (name, bytes, options) => bucket.write(name, bytes, { ...options, encryption }),
    startUpload: (name, options) => bucket.startUpload(name, { ...options, encryption }),
    delete: (name, call) => bucket.delete(name, call),
    close: async () => {},
  };
}
