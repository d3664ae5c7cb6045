import { expect, test } from "vitest";
import { refused, unavailable } from "../../../server/objstore/faults.ts";
import {
  type Bucket,
  createBucketMetrics,
  createMemoryBucket,
  defaultRetryPolicy,
  instrumented,
  retrying,
} from "../../../server/objstore/index.ts";
import { seededPrng, systemClock } from "../../../server/platform/base/index.ts";
import { createMetricRegistry, joinSnapshots } from "../../../server/platform/telemetry/index.ts";

const at = { address: "test://", attempt: "try" };

test("each attempt is counted by operation and outcome, with its bytes", async () => {
  const registry = createMetricRegistry();
  const metrics = createBucketMetrics(registry)("blocks");
  const driver = createMemoryBucket({ clock: systemClock });
  let heads = 0;
  const failing: Bucket = {
    ...driver,
    address: "test://",
    write: (...args) => driver.write(...args),
    read: (...args) => driver.read(...args),
    startUpload: (...args) => driver.startUpload(...args),
    head: () => Promise.reject(++heads < 3 ? unavailable(at, "503") : refused(at, "403")),
  };
  const world = { clock: systemClock, metrics };
  const policy = { ...defaultRetryPolicy, backoffMaxMs: 1 };
  const bucket = retrying(instrumented(failing, world), policy, {
    ...world,
    prng: seededPrng(1),
  });
  await bucket.write("x", new Uint8Array(10), {});
  await bucket.read("x", { offsetBytes: 2, sizeBytes: 100 }, {});
  const upload = await bucket.startUpload("y", { partSizeBytes: 5 << 20 });
  await upload.storePart({ number: 0, bytes: new Uint8Array(7), isLast: true }, {});
  await upload.abort({});
  await expect(bucket.head("x", {})).rejects.toThrow(/403/);
  const text = await joinSnapshots([await registry.snapshot()]).text();
  const label = (operation: string, more = ""): string =>
    `{bucket="blocks",operation="${operation}"${more}}`;
  const operations = "urd_objstore_operations_total";
  for (const operation of ["write", "read", "start_upload", "store_part", "abort_upload"]) {
    expect(text).toContain(`${operations}${label(operation, ',outcome="ok"')} 1`);
  }
  expect(text).toContain(`${operations}${label("head", ',outcome="failed"')} 2`);
  expect(text).toContain(`${operations}${label("head", ',outcome="refused"')} 1`);
  expect(text).toContain(`urd_objstore_retries_total${label("head")} 2`);
  expect(text).toContain(`urd_objstore_transferred_bytes_total${label("write")} 10`);
  expect(text).toContain(`urd_objstore_transferred_bytes_total${label("read")} 8`);
  expect(text).toContain(`urd_objstore_transferred_bytes_total${label("store_part")} 7`);
});
