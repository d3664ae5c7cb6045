import { readWhole, replaceFile, type Vfs } from "../platform/vfs/index.ts";
import { shardsDirectory } from "./data-layout.ts";

/**
 * `ingester/shards.json`: how the data of a directory is cut. It is written before the first
 * shard is made, and whole or not at all.
 */
export interface ShardsFile {
  /** Format of everything below `ingester/`. */
  readonly version: number;
  readonly shards: number;
  /**
   * True from the moment at which the new shards are complete until they stand in place of the
   * old ones: whoever finds it finishes that first.
   */
  readonly switching: boolean;
}

/** Versions of the layout: 1 is the first. */
export const shardsFormat: { readonly newest: 1 } = { newest: 1 };

/** A data directory that this program must not touch; the message says what to do. */
export class ShardsFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ShardsFileError";
  }
}

const path = (dataDir: string): string => `${shardsDirectory(dataDir)}/shards.json`;

/** Reads the file; undefined in a fresh directory. Throws ShardsFileError. */
export function readShardsFile(vfs: Vfs, dataDir: string): ShardsFile | undefined {
  const bytes = readWhole(vfs, path(dataDir));
  if (bytes === undefined) {
    if (vfs.list(shardsDirectory(dataDir)).some((name) => name.startsWith("shard-"))) {
      throw new ShardsFileError(
        `${path(dataDir)} is missing although there are shards beside it: restore it, or move ${shardsDirectory(dataDir)} away to begin with no data`,
      );
    }
    return undefined;
  }
  const found = parse(bytes);
  if (found === undefined) {
    throw new ShardsFileError(
      `${path(dataDir)} cannot be read: restore it as {"version":1,"shards":<number of shard directories beside it>}`,
    );
  }
  if (found.version > shardsFormat.newest) {
    throw new ShardsFileError(
      `the data in ${shardsDirectory(dataDir)} is of format ${found.version} and this version of Urd reads up to ${shardsFormat.newest}: start the newer version again`,
    );
  }
  return found;
}

/** Puts the file in place. */
export function writeShardsFile(vfs: Vfs, dataDir: string, file: ShardsFile): void {
  const text = `${JSON.stringify(file)}\n`;
  replaceFile(vfs, path(dataDir), new TextEncoder().encode(text));
}

function parse(bytes: Uint8Array): ShardsFile | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const { version, shards, switching } = parsed as Record<string, unknown>;
  if (!isCount(version) || !isCount(shards)) return undefined;
  return { version, shards, switching: switching === true };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value > 0;
}
