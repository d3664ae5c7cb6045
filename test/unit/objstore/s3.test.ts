import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { encrypted } from "../../../server/objstore/index.ts";
import { openS3Bucket } from "../../../server/objstore/s3.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that answers everything with one status and body, and remembers what it was asked. */
async function scene(answer: { status: number; body?: string }) {
  const seen: Seen[] = [];
  server = createServer((request, response) => {
    request.resume().on("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers });
      const body = answer.body ?? "";
      response.writeHead(answer.status, { "content-length": body.length, etag: '"e"' }).end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const config = {
    bucketName: "b",
    endpoint: `127.0.0.1:${port}`,
    region: "eu-west-1",
    accessKeyId: "id",
    secretAccessKey: "secret",
    sessionToken: "session",
    insecure: true,
    pathStyle: true,
    storageClass: "STANDARD_IA",
  };
  return { seen, config };
}

test("a write carries its MD5, its class, and the rights of its keys; no trailing checksum", async () => {
  const { seen, config } = await scene({ status: 200 });
  const bucket = openS3Bucket(config);
  await bucket.write("t/x y", new TextEncoder().encode("hello"), {});
  expect(seen).toHaveLength(1);
  const [{ method, url, headers }] = seen as [Seen];
  expect(`${method} ${url}`).toMatch(/^PUT \/b\/t\/x%20y/);
  expect(headers).toMatchObject({
    "content-md5": "XUFAKrxLKna5cZ2REBfFkg==",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-security-token": "session",
    "content-length": "5",
  });
  expect(headers["authorization"]).toMatch(/Credential=id\/\d{8}\/eu-west-1\/s3\/aws4_request/);
  expect(Object.keys(headers).filter((name) => /checksum|trailer|encryption/.test(name))).toEqual(
    [],
  );
});

test("encryption is asked for as configured, and per tenant in place of that", async () => {
  const { seen, config } = await scene({ status: 200 });
  const bucket = openS3Bucket({ ...config, encryption: { kind: "SSE-S3" } });
  await bucket.write("x", new Uint8Array(1), {});
  const context = '{"tenant":"a"}';
  const own = encrypted(bucket, { kind: "SSE-KMS", keyId: "arn:key", context });
  await own.write("x", new Uint8Array(1), {});
  expect(seen[0]?.headers["x-amz-server-side-encryption"]).toBe("AES256");
  expect(seen[1]?.headers).toMatchObject({
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "arn:key",
    "x-amz-server-side-encryption-context": Buffer.from(context).toString("base64"),
  });
});

test.each([
  [404, "NoSuchBucket", "err-urd-bucket-refused"],
  [403, "AccessDenied", "err-urd-bucket-refused"],
  [400, "RequestTimeout", "err-urd-bucket-unavailable"],
  [400, "BadDigest", "err-urd-bucket-unavailable"],
  [503, "SlowDown", "err-urd-bucket-unavailable"],
])("%i %s is %s, and tried once", async (status, code, id) => {
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>why</Message></Error>`;
  const { seen, config } = await scene({ status, body });
  const bucket = openS3Bucket(config);
  const range = { offsetBytes: 0, sizeBytes: 1 };
  await expect(bucket.read("x", range, {})).rejects.toMatchObject({ id });
  expect(seen).toHaveLength(1);
});

test("a list that is cut off is no list", async () => {
  const body = '<?xml version="1.0"?><ListBucketResult><Contents><Key>a</Ke';
  const { config } = await scene({ status: 200, body });
  const list = openS3Bucket(config).list({ prefix: "", recursive: true }, {});
  await expect(list).rejects.toMatchObject({ id: "err-urd-bucket-unavailable" });
});
