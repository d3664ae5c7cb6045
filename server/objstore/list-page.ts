import { compareUtf8 } from "../model/index.ts";
import type { ListPage, ListRequest, ObjectInfo } from "./bucket.ts";

/** What S3 and Azure Blob give at most in one page as well. */
export const pageEntriesMax = 1000;

/**
 * Cuts one page out of all names of a bucket, ascending by UTF-8 bytes. `next` of a page is its
 * last entry, object or folder. Names whose object is gone by the time of `infoOf` are left out.
 */
export function listPage(
  names: Iterable<string>,
  request: ListRequest,
  infoOf: (name: string) => ObjectInfo | undefined,
): ListPage {
  const objects: ObjectInfo[] = [];
  const folders: string[] = [];
  let last: string | undefined;
  for (const name of names) {
    if (!name.startsWith(request.prefix)) continue;
    const entry = entryOf(name, request);
    if (entry === last || !isAfter(entry, request.after)) continue;
    if (objects.length + folders.length === pageEntriesMax) return { objects, folders, next: last };
    last = entry;
    if (entry !== name) folders.push(entry);
    else {
      const info = infoOf(name);
      if (info !== undefined) objects.push(info);
    }
  }
  return { objects, folders, next: undefined };
}

function entryOf(name: string, request: ListRequest): string {
  if (request.recursive) return name;
  const slash = name.indexOf("/", request.prefix.length);
  return slash < 0 ? name : name.slice(0, slash + 1);
}

function isAfter(entry: string, after: string | undefined): boolean {
  return after === undefined || compareUtf8(entry, after) > 0;
}
