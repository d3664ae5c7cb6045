import { execFile, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { AzureConfig } from "../../../server/objstore/bucket-config.ts";
import { freePort } from "../process.ts";
import { makeOnce, storesFolder } from "./cache-folder.ts";

/** The newest version whose dependencies are all to be had. */
const version = "3.35.0";
const home = join(storesFolder, "azurite");
const program = join(home, "node_modules/azurite/dist/src/blob/main.js");

/** Name and key of the account that every Azurite has; they are in its documentation. */
const accountName = "devstoreaccount1";
const accountKey = [
  "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50u",
  "SRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
].join("");

/** A container of Azurite, and the port that it listens on. */
export interface Azurite {
  readonly port: number;
  /** How to reach it through `port`, or through a proxy before it. */
  configAt(port: number): AzureConfig;
  stop(): Promise<void>;
}

/** Starts Azurite, fetched from the package registry on first use (190 MB), with a container. */
export async function startAzurite(): Promise<Azurite> {
  await makeOnce("azurite", { isMade: () => existsSync(program), make: install });
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), "urd-azurite-"));
  const args = ["--blobHost", "127.0.0.1", "--blobPort", String(port), "-l", data];
  const flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"];
  // It ends with the standard input of its shell: when the test process is gone, so is Azurite.
  const script = '"$@" >&2 & server=$!; cat >/dev/null; kill $server; wait $server';
  const command = [process.execPath, program, ...args, ...flags];
  const child = spawn("sh", ["-c", script, "sh", ...command], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  const log = join(data, "log");
  child.stderr?.on("data", (piece: Buffer) => appendFileSync(log, piece));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const configAt = (at: number): AzureConfig => ({
    containerName: "urd-blocks",
    accountName,
    accountKey,
    endpointSuffix: "unused",
    endpoint: `http://127.0.0.1:${at}/${accountName}`,
  });
  await untilListening(port);
  const credential = new StorageSharedKeyCredential(accountName, accountKey);
  const service = new BlobServiceClient(configAt(port).endpoint ?? "", credential);
  await service.getContainerClient("urd-blocks").create();
  return {
    port,
    configAt,
    async stop() {
      child.stdin?.end();
      await Promise.race([exited, delay(10_000)]);
      rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function install(): Promise<void> {
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), '{ "private": true }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  await promisify(execFile)("npm", ["install", ...flags, `azurite@${version}`], {
    cwd: home,
    timeout: 600_000,
    maxBuffer: 64 * 1024 * 1024,
  });
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries === 300) throw new Error("Azurite does not come up");
    await delay(200);
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
