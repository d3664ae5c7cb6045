import type { ServerSideEncryption } from "./bucket.ts";

/** Where a bucket is and how to get in: one backend's configuration. */
export type BucketConfig =
  | { readonly backend: "filesystem"; readonly directory: string }
  | ({ readonly backend: "s3" } & S3Config)
  | ({ readonly backend: "gcs" } & GcsConfig)
  | ({ readonly backend: "azure" } & AzureConfig)
  | ({ readonly backend: "swift" } & SwiftConfig);

/** S3, or a store that speaks its language. */
export interface S3Config {
  readonly bucketName: string;
  /** Host and port, or a whole address; undefined: AWS, by region. */
  readonly endpoint?: string | undefined;
  /** Undefined: us-east-1, and AWS is asked where the bucket really is. */
  readonly region?: string | undefined;
  /** Undefined: the chain of AWS (environment, profile, web identity, container, instance). */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  readonly sessionToken?: string | undefined;
  /** True: http, when the endpoint names no scheme. */
  readonly insecure: boolean;
  /** True: the bucket's name stands in the path, as most stores other than AWS want it. */
  readonly pathStyle: boolean;
  readonly storageClass?: string | undefined;
  /** For what is written without an encryption of its own. */
  readonly encryption?: ServerSideEncryption | undefined;
}

/** Google Cloud Storage. */
export interface GcsConfig {
  readonly bucketName: string;
  /** JSON of a service account's key; undefined: the application default credentials. */
  readonly serviceAccount?: string | undefined;
  /** Address of a stand-in, used without credentials; undefined: Google's. */
  readonly endpoint?: string | undefined;
}

/** Azure Blob Storage. */
export interface AzureConfig {
  readonly containerName: string;
  readonly accountName: string;
  /** Undefined: the chain of Azure (environment, workload identity, managed identity, CLI). */
  readonly accountKey?: string | undefined;
  /** In place of name and key. */
  readonly connectionString?: string | undefined;
  /** `blob.core.windows.net`, or another cloud's. */
  readonly endpointSuffix: string;
  /** A whole address in place of account name and suffix. */
  readonly endpoint?: string | undefined;
  /** Client id of the managed identity to use when a machine has several. */
  readonly userAssignedId?: string | undefined;
}

/** OpenStack Swift. What is undefined is taken from the OS_ variables of the environment. */
export interface SwiftConfig {
  readonly containerName: string;
  /** Where segments of large objects go; undefined: `<container>_segments`, made when missing. */
  readonly segmentsContainerName?: string | undefined;
  /** Keystone's address up to `/v3`, or with v1 auth the whole address, most often `…/auth/v1.0`. */
  readonly authUrl?: string | undefined;
  /** 1 or 3; undefined: told by the path of `authUrl`. */
  readonly authVersion?: 1 | 3 | undefined;
  readonly username?: string | undefined;
  readonly userId?: string | undefined;
  readonly password?: string | undefined;
  readonly userDomainName?: string | undefined;
  readonly userDomainId?: string | undefined;
  readonly projectName?: string | undefined;
  readonly projectId?: string | undefined;
  readonly projectDomainName?: string | undefined;
  readonly projectDomainId?: string | undefined;
  readonly applicationCredentialId?: string | undefined;
  readonly applicationCredentialName?: string | undefined;
  readonly applicationCredentialSecret?: string | undefined;
  readonly regionName?: string | undefined;
  /** Which of the catalogue's addresses to use. */
  readonly endpointType?: "public" | "internal" | "admin" | undefined;
}
