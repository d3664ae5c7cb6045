import { build } from "esbuild";
import { expect, test } from "vitest";
import { checkout } from "../../architecture/source-files.ts";

const bundle = async (entry: string, platform: "browser" | "node") => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: checkout,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    format: "esm",
    platform,
  });
  return { inputs: Object.keys(metafile.inputs), text: outputFiles[0]?.text ?? "" };
};

test("the browser bundle needs no Node and stays small", async () => {
  const { inputs, text } = await bundle("clients/sdk/browser.ts", "browser");
  expect(inputs.filter((path) => /connect-node|grpc-js/.test(path))).toEqual([]);
  expect(text).not.toMatch(/from\s*"node:|require\(|\bBuffer\b/);
  // A dependency that came by accident would be seen here.
  expect(text.length).toBeLessThan(200_000);
});

test("the client knows nothing of the server", async () => {
  for (const entry of ["clients/sdk/browser.ts", "clients/sdk/index.ts"]) {
    const { inputs } = await bundle(entry, "node");
    expect(inputs.filter((path) => /^server\//.test(path))).toEqual([]);
    const own = inputs.filter((path) => !path.includes("node_modules"));
    expect(own.every((path) => /^(clients\/sdk|gen)\//.test(path))).toBe(true);
  }
});
