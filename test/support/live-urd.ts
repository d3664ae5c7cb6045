import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compress } from "snappyjs";

/** The bundle, which the test runner makes anew when it is stale. */
const main = new URL("../../dist/urd.mjs", import.meta.url).pathname;

/** A whole Urd in a process of its own. */
export interface LiveUrd {
  readonly url: string;
  readonly dataDir: string;
  /** Writes a message as a remote write sender does. */
  write(
    version: 1 | 2,
    message: Uint8Array,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
  /** Kills the process and starts another one on the same data. */
  restart(): Promise<LiveUrd>;
  /** Ends the process and removes its data. */
  stop(): Promise<void>;
}

/** Starts Urd on a free port; `args` come on top of what that needs. */
export function startUrd(args: readonly string[] = []): Promise<LiveUrd> {
  return startOn(mkdtempSync(join(tmpdir(), "urd-live-")), args);
}

async function startOn(root: string, args: readonly string[]): Promise<LiveUrd> {
  const dataDir = join(root, "data");
  const own = ["--server.http-listen-port=0", `--data-dir=${dataDir}`, ...args];
  const child = spawn(process.execPath, [main, ...own], { stdio: ["ignore", "pipe", "pipe"] });
  const url = await addressOf(child);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return {
    url,
    dataDir,
    write: (version, message, headers = {}) =>
      fetch(`${url}/api/v1/push`, {
        method: "POST",
        headers: {
          ...headers,
          "Content-Encoding": "snappy",
          "Content-Type":
            version === 1
              ? "application/x-protobuf"
              : "application/x-protobuf;proto=io.prometheus.write.v2.Request",
        },
        body: Uint8Array.from(compress(message)),
      }),
    async restart() {
      await kill();
      return await startOn(root, args);
    },
    async stop() {
      await kill();
      rmSync(root, { recursive: true });
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  let out = "";
  let err = "";
  child.stdout?.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  child.stderr?.on("data", (bytes: Buffer) => {
    err += bytes.toString();
  });
  const exited = once(child, "exit");
  while (child.exitCode === null) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(out)?.[0];
    if (url !== undefined) return url;
    await Promise.race([exited, new Promise((resolve) => setTimeout(resolve, 20))]);
  }
  throw new Error(`ended with ${child.exitCode}: ${err}`);
}
