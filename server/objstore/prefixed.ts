import { assert } from "../platform/base/index.ts";
import type { Bucket, ListPage, ObjectInfo } from "./bucket.ts";
import { isObjectName } from "./object-name.ts";

/**
 * The part of a bucket whose names start with `folder` and a slash, as a bucket of its own: its
 * names are without it. Closing it closes nothing; the bucket belongs to somebody else.
 */
export function prefixed(bucket: Bucket, folder: string): Bucket {
  assert(isObjectName(folder), `storage prefix ${JSON.stringify(folder)} is malformed`);
  const prefix = `${folder}/`;
  const inner = (name: string): string => prefix + name;
  const outer = (name: string): string => name.slice(prefix.length);
  const outerInfo = (info: ObjectInfo): ObjectInfo => ({ ...info, name: outer(info.name) });
  return {
    address: `${bucket.address.replace(/\/$/, "")}/${folder}`,
    async list(request, call): Promise<ListPage> {
      // `after` is the store's own word and goes through as it came.
      const page = await bucket.list({ ...request, prefix: inner(request.prefix) }, call);
      const folders = page.folders.map(outer);
      return { objects: page.objects.map(outerInfo), folders, next: page.next };
    },
    async head(name, call) {
      const info = await bucket.head(inner(name), call);
      return info === undefined ? undefined : outerInfo(info);
    },
    read: (name, range, call) => bucket.read(inner(name), range, call),
    write: (name, bytes, options) => bucket.write(inner(name), bytes, options),
    startUpload: (name, options) => bucket.startUpload(inner(name), options),
    delete: (name, call) => bucket.delete(inner(name), call),
    close: async () => {},
  };
}
