/** The floors as data: a folder may import folders on lower floors only. */
export const floors: readonly (readonly string[])[] = [
  ["platform/base"],
  ["platform/encoding", "platform/telemetry"],
  ["model", "kernel", "platform/config", "platform/vfs", "platform/cache"],
  ["platform/rpc", "platform/kv", "platform/threads"],
  ["storage", "objstore", "limits"],
  ["tsdb", "promql", "ring", "wire"],
  ["shard", "peers", "blocks"],
  [
    "gateway",
    "distributor",
    "ingester",
    "querier",
    "query-frontend",
    "query-scheduler",
    "store-gateway",
    "compactor",
    "ruler",
    "alertmanager",
  ],
  ["runtime"],
  ["main.ts"],
];

/** Folders of `server/` that may import `gen/`. */
export const genImporters: readonly string[] = [
  "platform/rpc",
  "platform/kv",
  "wire",
  "peers",
  ...(floors[7] as readonly string[]),
  "runtime",
];

/** Inside a folder: subfolders in the order in which they may import each other, lowest first. */
export const innerFloors: Readonly<Record<string, readonly (readonly string[])[]>> = {
  promql: [["parser"], ["plan"], ["functions", "operators"]],
  tsdb: [["chunkenc", "index"], ["chunks"], ["block"], ["compaction"]],
};

/** A file's place: its folder's name in the table and the number of its floor. */
export interface Place {
  readonly folder: string;
  readonly floor: number;
}

/** Finds the place of a path below `server/`; undefined when no floor claims it. */
export function placeOf(path: string): Place | undefined {
  for (const [floor, folders] of floors.entries()) {
    const folder = folders.find((name) => path === name || path.startsWith(`${name}/`));
    if (folder !== undefined) return { folder, floor };
  }
  return undefined;
}

/** Says what is wrong with one import, or nothing. Paths are relative to the checkout. */
export function importFault(importer: string, imported: string): string | undefined {
  const top = importer.split("/")[0];
  if (imported.startsWith("test/") && top !== "test")
    return `imports ${imported}: nothing imports test/`;
  if (top === "clients") {
    return imported.startsWith("server/")
      ? `imports ${imported}: clients know gen/ only`
      : undefined;
  }
  if (top !== "server") return undefined;
  if (imported.startsWith("clients/")) return `imports ${imported}: the server knows no client`;
  return imported.startsWith("gen/") ? genFault(importer) : serverFault(importer, imported);
}

function genFault(importer: string): string | undefined {
  const folder = placeOf(importer.slice("server/".length))?.folder ?? "";
  return genImporters.includes(folder) ? undefined : "imports gen/, which wire translates for it";
}

function serverFault(importer: string, imported: string): string | undefined {
  const from = placeOf(importer.slice("server/".length));
  const to = placeOf(imported.slice("server/".length));
  if (from === undefined) return "stands on no floor of test/architecture/floors.ts";
  if (to === undefined) return `imports ${imported}, which stands on no floor`;
  if (from.folder === to.folder) return innerFault(from.folder, importer, imported);
  if (to.floor >= from.floor) {
    return `floor ${from.floor} imports ${imported} on floor ${to.floor}: imports go downwards only`;
  }
  const leavesPlatform = from.folder.startsWith("platform/") && !to.folder.startsWith("platform/");
  if (leavesPlatform) return `imports ${imported}: platform/ knows nothing outside platform/`;
  const isFace = imported === `server/${to.folder}/index.ts`;
  return isFace ? undefined : `imports ${imported} past the folder's index.ts`;
}

function innerFault(folder: string, importer: string, imported: string): string | undefined {
  const order = innerFloors[folder];
  if (order === undefined) return undefined;
  const floorIn = (path: string): number => {
    const sub = path.slice(`server/${folder}/`.length).split("/")[0] ?? "";
    return order.findIndex((names) => names.includes(sub));
  };
  const [from, to] = [floorIn(importer), floorIn(imported)];
  return from >= 0 && to > from ? `imports ${imported}, which stands above it` : undefined;
}
