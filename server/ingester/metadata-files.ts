import { parseTenantId } from "../model/index.ts";
import { errorText } from "../platform/base/index.ts";
import type { Logger } from "../platform/telemetry/index.ts";
import { readWhole, replaceFile, type Vfs, writeAll } from "../platform/vfs/index.ts";

/** What is known of a metric family. */
export interface FamilyMetadata {
  readonly metric: string;
  /** Lower-case OpenMetrics type. */
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/**
 * Metadata on disk: `<data>/metadata/shard-<n>/<tenant>.jsonl`, one JSON object with metric,
 * type, help and unit per line, the newest last. Lines are appended and never synced: a killed
 * process loses none, a loss of power those of the last seconds, and writers send them again.
 * A line that cannot be read is left out.
 */
export interface MetadataFiles {
  /**
   * What was kept of all tenants, by this shard and by former ones whose part falls to it since
   * the number of shards changed. Those files go when the shard has written its own.
   */
  load(): ReadonlyMap<string, readonly FamilyMetadata[]>;
  /** Adds lines to a tenant's file. False when the disk did not take them. */
  append(tenant: string, families: readonly FamilyMetadata[]): boolean;
  /** Puts a tenant's file in place anew. False when the disk did not take it. */
  replace(tenant: string, families: readonly FamilyMetadata[]): boolean;
}

/** Where the files of a shard are. */
export interface MetadataFilesOptions {
  readonly vfs: Vfs;
  readonly dataDir: string;
  readonly shard: number;
  /** Shards of the process. */
  readonly shards: number;
  readonly logger: Logger;
}

const extension = ".jsonl";

/** The files of one shard; nobody else writes to them. */
export function openMetadataFiles(options: MetadataFilesOptions): MetadataFiles {
  const { vfs, dataDir, shard } = options;
  const root = `${dataDir}/metadata`;
  const own = `${root}/shard-${shard}`;
  const pathOf = (tenant: string): string => `${own}/${tenant}${extension}`;
  const attempt = (tenant: string, write: () => void): boolean => {
    try {
      vfs.makeDirectory(own);
      write();
      return true;
    } catch (error) {
      options.logger.warn("metadata was not written", { tenant, error: errorText(error) });
      return false;
    }
  };
  const replace: MetadataFiles["replace"] = (tenant, families) =>
    attempt(tenant, () => replaceFile(vfs, pathOf(tenant), linesOf(families)));
  return {
    replace,
    load() {
      const found = new Map<string, FamilyMetadata[]>();
      readFolder(vfs, own, found);
      const left = foldersLeft(options, root);
      for (const folder of left) readFolder(vfs, folder, found);
      if (left.length > 0 && [...found].every(([tenant, all]) => replace(tenant, all))) {
        for (const folder of left) vfs.removeTree(folder);
      }
      return found;
    },
    append: (tenant, families) =>
      attempt(tenant, () => {
        const path = pathOf(tenant);
        const file = vfs.open(path, vfs.exists(path) ? "update" : "create");
        try {
          writeAll(file, linesOf(families), file.sizeBytes());
        } finally {
          file.close();
        }
      }),
  };
}

/** Folders of shards that are no more, the ones whose number falls to this shard. */
function foldersLeft({ vfs, shard, shards }: MetadataFilesOptions, root: string): string[] {
  return vfs.list(root).flatMap((name) => {
    const number = Number(/^shard-(\d+)$/.exec(name)?.[1] ?? -1);
    return number >= shards && number % shards === shard ? [`${root}/${name}`] : [];
  });
}

function readFolder(vfs: Vfs, folder: string, found: Map<string, FamilyMetadata[]>): void {
  for (const name of vfs.list(folder)) {
    const tenant = parseTenantId(name.slice(0, -extension.length));
    if (!name.endsWith(extension) || typeof tenant !== "string") continue;
    const bytes = readWhole(vfs, `${folder}/${name}`) ?? new Uint8Array();
    const lines = new TextDecoder().decode(bytes).split("\n");
    const families = lines.flatMap((line) => familyOf(line) ?? []);
    found.set(tenant, [...(found.get(tenant) ?? []), ...families]);
  }
}

function familyOf(line: string): FamilyMetadata | undefined {
  try {
    const read: unknown = JSON.parse(line);
    return isFamily(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

function isFamily(read: unknown): read is FamilyMetadata {
  if (typeof read !== "object" || read === null) return false;
  const fields = new Map<string, unknown>(Object.entries(read));
  return ["metric", "type", "help", "unit"].every((name) => typeof fields.get(name) === "string");
}

function linesOf(families: readonly FamilyMetadata[]): Uint8Array {
  // A torn last line of before must not swallow the first of these.
  const lines = families.map(({ metric, type, help, unit }) =>
    JSON.stringify({ metric, type, help, unit }),
  );
  return new TextEncoder().encode(`\n${lines.join("\n")}\n`);
}
