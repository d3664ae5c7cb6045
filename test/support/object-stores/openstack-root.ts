import { type ChildProcess, execFile, spawn } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { debianMirror, keyring, suite, unpackPackage } from "../debian-peers.ts";
import { makeOnce, storesFolder } from "./cache-folder.ts";

const runFile = promisify(execFile);

const root = join(storesFolder, "openstack");
const done = join(root, ".complete");
const packages = [
  ...["swift-proxy", "swift-account", "swift-container", "swift-object", "memcached"],
  ...["python3-keystone", "python3-keystonemiddleware", "uwsgi-core", "uwsgi-plugin-python3"],
];
const log = join(storesFolder, "openstack.log");
const installTimeoutMs = 1_200_000;

/**
 * The folder of a small Debian with OpenStack Swift and Keystone, made on first use: debootstrap
 * and apt inside of it, nothing on the machine itself. Takes two minutes and 1 GB. Throws when it
 * cannot be had: without root, or without Debian's packages.
 */
export async function openstackRoot(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error("only root may change into another root folder");
  await makeOnce("openstack", { isMade: () => existsSync(done), make });
  return root;
}

async function make(): Promise<void> {
  const tools = join(storesFolder, "debootstrap");
  mkdirSync(tools, { recursive: true });
  unpackPackage("debootstrap", tools);
  // What it mounts meanwhile is mounted for it alone.
  await logged(
    "unshare",
    [
      ...["--mount", "--propagation", "private", "bash"],
      join(tools, "usr/sbin/debootstrap"),
      ...["--variant=minbase", `--keyring=${keyring}`, suite, root, debianMirror()],
    ],
    { DEBOOTSTRAP_DIR: join(tools, "usr/share/debootstrap") },
  );
  // The packages start their servers when they are installed, unless this says no.
  const policy = join(root, "usr/sbin/policy-rc.d");
  writeFileSync(policy, "#!/bin/sh\nexit 101\n");
  chmodSync(policy, 0o755);
  const install = ["apt-get", "install", "-y", "--no-install-recommends", ...packages];
  await logged("unshare", insideArgs(install), {
    ...process.env,
    DEBIAN_FRONTEND: "noninteractive",
    LC_ALL: "C",
  });
  writeFileSync(done, "");
}

async function logged(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  mkdirSync(storesFolder, { recursive: true });
  const options = {
    env: { PATH: process.env["PATH"], ...env },
    timeout: installTimeoutMs,
    maxBuffer: 64 * 1024 * 1024,
  };
  const { stdout, stderr } = await runFile(command, args, options);
  appendFileSync(log, stdout + stderr);
}

/**
 * Arguments of `unshare` that run a command in the root folder, with processes and mounts of its
 * own: when it ends, by whatever cause, everything that it started ends too.
 */
function insideArgs(command: readonly string[]): string[] {
  const enter = [
    `mount --bind ${root} ${root}`,
    `mount -t proc proc ${root}/proc`,
    `mount --rbind /dev ${root}/dev`,
    `exec chroot ${root} "$@"`,
  ].join(" && ");
  const spaces = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"];
  return [...spaces, "sh", "-c", enter, "sh", ...command];
}

/** Runs a shell script in the root folder until its standard input ends; starts are not awaited. */
export function startInside(script: string, logFile: string): ChildProcess {
  const child = spawn("unshare", insideArgs(["sh", "-c", `(${script}) >&2; exec cat`]), {
    stdio: ["pipe", "ignore", "pipe"],
    env: { PATH: process.env["PATH"], LC_ALL: "C" },
  });
  child.stderr?.on("data", (piece: Buffer) => appendFileSync(logFile, piece));
  return child;
}
