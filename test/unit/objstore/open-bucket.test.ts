import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

const program = `
  import { registerHooks } from "node:module";
  const loaded = new Set();
  registerHooks({ load: (url, context, next) => (loaded.add(url), next(url, context)) });
  const { createBucketMetrics, openBucket } = await import(process.argv[1]);
  const { createMetricRegistry } = await import(process.argv[2]);
  const { nodeVfs } = await import(process.argv[3]);
  const { seededPrng, systemClock } = await import(process.argv[4]);
  const metrics = createBucketMetrics(createMetricRegistry())("blocks");
  const world = { vfs: nodeVfs, clock: systemClock, prng: seededPrng(1), environment: {}, metrics };
  const bucket = await openBucket(JSON.parse(process.argv[5]), world);
  const clients = /@aws-sdk|@google-cloud|@azure/;
  const found = [...loaded].map((url) => clients.exec(url)?.[0]).filter((name) => name);
  console.log(JSON.stringify({ address: bucket.address, found: [...new Set(found)] }));
`;

function loadedBy(config: object): { address: string; found: string[] } {
  const server = new URL("../../../server/", import.meta.url);
  const files = [
    ...["objstore/index.ts", "platform/telemetry/index.ts"],
    ...["platform/vfs/index.ts", "platform/base/index.ts"],
  ].map((file) => new URL(file, server).href);
  const args = ["--input-type=module", "-e", program, ...files, JSON.stringify(config)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

test("a process loads the client of its own store, and none for files and Swift", () => {
  const directory = mkdtempSync(join(tmpdir(), "urd-open-"));
  const files = loadedBy({ backend: "filesystem", directory });
  rmSync(directory, { recursive: true });
  expect(files).toEqual({ address: `file://${directory}`, found: [] });
  const swift = loadedBy({ backend: "swift", containerName: "c" });
  expect(swift).toEqual({ address: "swift://c", found: [] });
  const s3 = { backend: "s3", bucketName: "b", insecure: false, pathStyle: false };
  expect(loadedBy(s3)).toEqual({ address: "s3://b", found: ["@aws-sdk"] });
});
