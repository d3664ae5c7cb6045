/**
 * Tenants are walls: whatever tenants write, with series and label values in common and with ids
 * chosen to confuse, each reads exactly what it wrote itself.
 */
import { request } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { compress } from "snappyjs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import { parseTenantId } from "../../server/model/index.ts";
import { type StartedPeer, startPeer } from "../support/bench-peers.ts";

let urd: StartedPeer;

beforeAll(async () => {
  urd = await startPeer("urd", ["--auth.multitenancy-enabled=true"]);
});

afterAll(() => urd?.remove());

const tenantId = fc.oneof(
  fc.constantFrom(
    "a",
    "A",
    "a.",
    ".a",
    "..a",
    "a-b",
    "a_b",
    "anonymous",
    "team'1",
    "(x)",
    "*",
    "!",
  ),
  fc.constantFrom("", ".", "..", "a|b", "a/b", "../a", "a\\b", "a b", "a%2Fb", "__mimir_cluster"),
  fc.string({
    unit: fc.constantFrom("a", "b", ".", "-", "*", "'", "("),
    minLength: 1,
    maxLength: 8,
  }),
  fc.constant("x".repeat(150)),
  fc.constant("x".repeat(151)),
);

const series = fc.record({
  metric: fc.constantFrom("up", "errors_total", "latency"),
  instance: fc.constantFrom("one", "two", "three", "a", "b"),
  value: fc.integer({ min: 0, max: 1_000_000 }),
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

function call(path: string, tenant: string, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${urd.server.url}${path}`,
      {
        method: body === undefined ? "GET" : "POST",
        headers: {
          "X-Scope-OrgID": tenant,
          ...(body === undefined ? {} : { "Content-Type": "application/x-protobuf" }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const timeMs = Date.now() - 60_000;
/** What each tenant wrote: series text to its value. */
const written = new Map<string, Map<string, string>>();

async function write(
  tenant: string,
  batch: readonly { metric: string; instance: string; value: number }[],
): Promise<void> {
  const unique = new Map(batch.map((each) => [`${each.metric}/${each.instance}`, each]));
  const own = written.get(tenant) ?? new Map<string, string>();
  const fresh = [...unique].filter(([text]) => !own.has(text));
  const timeseries = fresh.map(([, { metric, instance, value }]) => ({
    labels: [
      { name: "__name__", value: metric },
      { name: "instance", value: instance },
      { name: "owner", value: encodeURIComponent(tenant) },
    ],
    samples: [{ value, timestamp: BigInt(timeMs) }],
  }));
  const message = toBinary(WriteRequestSchema, create(WriteRequestSchema, { timeseries }));
  const answer = await call("/api/v1/push", tenant, compress(message));
  if (typeof parseTenantId(tenant) !== "string") {
    expect([400, 401]).toContain(answer.status);
    return;
  }
  expect(answer.status, answer.text).toBe(204);
  for (const [text, { value }] of fresh) own.set(text, String(value));
  written.set(tenant, own);
}

interface QueryResult {
  readonly data: {
    readonly result: readonly { metric: Record<string, string>; value: [number, string] }[];
  };
}

/** Everything that a tenant can read, by the ways there are. */
async function expectOwnDataOnly(tenant: string): Promise<void> {
  const own = written.get(tenant) ?? new Map<string, string>();
  const owner = encodeURIComponent(tenant);
  const query = await call(
    `/api/v1/query?query=${encodeURIComponent('{__name__=~".+"}')}&time=${timeMs / 1000}`,
    tenant,
  );
  const { result } = (JSON.parse(query.text) as QueryResult).data;
  expect(result.map(({ metric }) => metric["owner"]).filter((found) => found !== owner)).toEqual(
    [],
  );
  const found = result.map(
    ({ metric, value }) => [`${metric["__name__"]}/${metric["instance"]}`, value[1]] as const,
  );
  expect(new Map(found)).toEqual(own);
  const owners = await call("/api/v1/label/owner/values", tenant);
  expect((JSON.parse(owners.text) as { data: string[] }).data).toEqual(
    own.size === 0 ? [] : [owner],
  );
  const list = await call(`/api/v1/series?match[]=${encodeURIComponent('{owner!=""}')}`, tenant);
  const owned = (JSON.parse(list.text) as { data: Record<string, string>[] }).data;
  expect(owned.length).toBe(own.size);
}

test("nothing is readable across tenants", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(tenantId, fc.array(series, { minLength: 1, maxLength: 8 })), {
        minLength: 1,
        maxLength: 6,
      }),
      async (batches) => {
        for (const [tenant, batch] of batches) await write(tenant, batch);
        const readers = new Set([...batches.map(([tenant]) => tenant), "anonymous", "nobody"]);
        for (const tenant of readers) {
          if (typeof parseTenantId(tenant) === "string") await expectOwnDataOnly(tenant);
          else expect([400, 401]).toContain((await call("/api/v1/labels", tenant)).status);
        }
      },
    ),
    { numRuns: 60 },
  );
}, 120_000);
