import { expect, test } from "vitest";
import type { Bucket } from "../../../server/objstore/bucket.ts";
import { refused, unavailable } from "../../../server/objstore/faults.ts";
import { createMemoryBucket } from "../../../server/objstore/memory.ts";
import { checkBucket } from "../../../server/objstore/start-check.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";

const world = { clock: systemClock, prng: seededPrng(1) };
const block = "01BX5ZZKBKACTAV9WEVGEMMVRZ";

async function bucketWith(...names: string[]): Promise<Bucket> {
  const bucket = createMemoryBucket(world);
  for (const name of names) await bucket.write(name, new Uint8Array(1), {});
  return bucket;
}

async function verdict(bucket: Bucket): Promise<string> {
  try {
    await checkBucket(bucket, world, {});
    return "usable";
  } catch (error) {
    expect(error).toMatchObject({ id: "err-urd-bucket-unusable" });
    return (error as Error).message;
  }
}

test.each([
  [],
  [`t/${block}/meta.json`],
  [`t/${block}/index`, "u/markers/x-deletion-mark.json", "v/bucket-index.json.gz"],
  ["__mimir_cluster/usage_stats.json", `t/${block}/meta.json`],
])("an empty bucket and one with blocks of tenants are usable", async (...names) => {
  const bucket = await bucketWith(...names);
  expect(await verdict(bucket)).toBe("usable");
  const left = await bucket.list({ prefix: "", recursive: true }, {});
  expect(left.objects.map((info) => info.name).sort()).toEqual([...names].sort());
});

test.each([
  [`${block}/meta.json`, /block 01BX5ZZKBKACTAV9WEVGEMMVRZ at its top.*import these blocks/],
  ["loki_cluster_seed.json", /the object loki_cluster_seed.json at its top.*empty bucket/],
  ["fake/chunks/123", /the folder fake\/, in which there are no blocks.*storage prefix/],
  ["index/index_19000/x", /the folder index\//],
  ["rules/tenant/x", /the folder rules\//],
  ["photos 2020/a.jpg", /the folder photos 2020\//],
])("a bucket that holds %s belongs to somebody else", async (name, reason) => {
  const bucket = await bucketWith(`t/${block}/meta.json`, name);
  expect(await verdict(bucket)).toMatch(reason);
  expect(await bucket.head(name, {})).toBeDefined();
});

const at = { address: "s3://b", attempt: "try" };

test.each([
  ["list", /404 NoSuchBucket; does it exist, and may these credentials list it\?/],
  ["write", /404 NoSuchBucket; these credentials must be allowed to write objects/],
  ["read", /404 NoSuchBucket; these credentials must be allowed to read objects/],
  ["delete", /404 NoSuchBucket; these credentials must be allowed to delete objects/],
] as const)("a bucket that refuses to %s is told with what to do", async (call, reason) => {
  const bucket = createMemoryBucket(world);
  Object.assign(bucket, { [call]: () => Promise.reject(refused(at, "404 NoSuchBucket")) });
  expect(await verdict(bucket)).toMatch(reason);
});

test("a store that does not answer, and one that loses what it took", async () => {
  const down = createMemoryBucket(world);
  down.list = () => Promise.reject(unavailable(at, "ECONNREFUSED"));
  expect(await verdict(down)).toMatch(/ECONNREFUSED; the store does not answer/);
  const forgetful = createMemoryBucket(world);
  forgetful.write = async () => {};
  expect(await verdict(forgetful)).toMatch(/what was written cannot be read back/);
});
