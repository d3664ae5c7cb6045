/** True in the bundle, where all entries lie beside each other and end in .mjs. */
const isBundled = import.meta.url.endsWith(".mjs");

/** Where the entry of a thread lies; `sourcePath` is relative to `server/`. */
export function threadEntry(sourcePath: string): URL {
  const path = isBundled
    ? `./${sourcePath.slice(sourcePath.lastIndexOf("/") + 1).replace(/\.ts$/, ".mjs")}`
    : `../${sourcePath}`;
  return new URL(path, import.meta.url);
}

/** Where the compiled kernel lies. */
export function kernelLocation(): URL {
  return new URL(isBundled ? "./kernel.wasm" : "../kernel/build/kernel.wasm", import.meta.url);
}
