import { assert } from "../platform/base/index.ts";

/** S3's, GCS's and Azure's bound; a file system's is 255 for each folder. */
const nameSizeBytesMax = 1024;
const segmentSizeBytesMax = 255;

/**
 * Throws unless a name can be stored everywhere: 1 to 1024 bytes of UTF-8 in segments of 1 to 255
 * between slashes, no control characters or backslashes, no segment that a file system reads
 * otherwise. Names are made by our own code, so a bad one is a bug.
 */
export function assertObjectName(name: string): void {
  assert(isObjectName(name), `object name ${JSON.stringify(name)} is malformed`);
}

/** Whether every store can hold an object of this name. */
export function isObjectName(name: string): boolean {
  if (name.length === 0 || Buffer.byteLength(name) > nameSizeBytesMax) return false;
  if (!name.isWellFormed() || hasForbiddenCharacter(name)) return false;
  return name.split("/").every(isSegment);
}

function isSegment(segment: string): boolean {
  if (segment === "" || segment === "." || segment === "..") return false;
  return Buffer.byteLength(segment) <= segmentSizeBytesMax;
}

function hasForbiddenCharacter(name: string): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code < 0x20 || code === 0x7f || code === 0x5c) return true;
  }
  return false;
}
