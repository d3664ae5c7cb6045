import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Config } from "../../../server/objstore/bucket-config.ts";
import { startSwift, type SwiftServer } from "./swift-server.ts";

/** A bucket that speaks S3, and the server that keeps it. */
export interface S3OnSwift {
  readonly server: SwiftServer;
  readonly config: S3Config;
}

/** Starts Swift with its S3 API and makes a bucket in it. */
export async function startS3OnSwift(): Promise<S3OnSwift> {
  const server = await startSwift({ keystone: false });
  const config: S3Config = {
    bucketName: "urd-blocks",
    endpoint: `127.0.0.1:${server.port}`,
    region: "us-east-1",
    accessKeyId: "test:tester",
    secretAccessKey: "testing",
    insecure: true,
    pathStyle: true,
  };
  const client = new S3Client({
    region: "us-east-1",
    endpoint: `http://${config.endpoint}`,
    forcePathStyle: true,
    credentials: { accessKeyId: "test:tester", secretAccessKey: "testing" },
  });
  await client.send(new CreateBucketCommand({ Bucket: config.bucketName }));
  client.destroy();
  return { server, config };
}
