import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../process.ts";
import { keystoneFiles, keystoneSteps } from "./keystone-config.ts";
import { openstackRoot, startInside } from "./openstack-root.ts";
import { swiftFiles, type SwiftPorts } from "./swift-config.ts";

/** An OpenStack Swift of one test file. */
export interface SwiftServer {
  /** Port of the proxy: Swift's own API, and S3's where the proxy knows its users itself. */
  readonly port: number;
  readonly keystonePort: number | undefined;
  readonly logFile: string;
  stop(): Promise<void>;
}

/** Keystone takes a minute to fill its database, once, and more when others are busy here. */
const readyTimeoutMs = 300_000;

/**
 * Starts OpenStack Swift of Debian on free ports, with its own users (v1 auth and S3) or with
 * Debian's Keystone. Its processes end with the test process, whatever ends that. Throws when
 * it cannot be had here or does not come up.
 */
export async function startSwift(options: { keystone: boolean }): Promise<SwiftServer> {
  const root = await openstackRoot();
  const ports = await freePorts(options.keystone);
  const folder = `/var/lib/urd-${process.pid}-${ports.proxy}`;
  const host = join(root, folder);
  mkdirSync(join(host, "srv/d1"), { recursive: true });
  for (const name of ["etc", "cache"]) mkdirSync(join(host, name));
  const files = { ...swiftFiles(folder, ports), ...keystoneFiles(folder, ports.keystone) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(host, "etc", name), text);
  const logFile = join(host, "log");
  const child = startInside(startScript(folder, ports), logFile);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.stdin?.end();
    await Promise.race([exited, delay(10_000)]);
    rmSync(host, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await Promise.race([
      untilReady(ports),
      exited.then(() => Promise.reject(new Error("Swift ended while it started"))),
    ]);
  } catch (error) {
    child.stdin?.end();
    throw new Error(`Swift does not come up, see ${logFile}: ${String(error)}`, { cause: error });
  }
  return { port: ports.proxy, keystonePort: ports.keystone, logFile, stop };
}

async function freePorts(keystone: boolean): Promise<SwiftPorts> {
  const [proxy, object, container, account, memcached, identity] = await Promise.all(
    Array.from({ length: 6 }, () => freePort()),
  );
  return {
    proxy: proxy as number,
    object: object as number,
    container: container as number,
    account: account as number,
    memcached: memcached as number,
    keystone: keystone ? identity : undefined,
  };
}

function startScript(folder: string, ports: SwiftPorts): string {
  const servers = ["object", "container", "account", "proxy"].map(
    (kind) => `swift-${kind}-server /etc/swift/${kind}-server.conf -v &`,
  );
  return [
    "set -e",
    `mount --bind ${folder}/etc /etc/swift`,
    "python3 /etc/swift/rings.py",
    `memcached -u nobody -l 127.0.0.1 -p ${ports.memcached} -m 32 -U 0 &`,
    ...(ports.keystone === undefined ? [] : keystoneSteps(folder, ports.keystone)),
    ...servers,
  ].join("\n");
}

async function untilReady(ports: SwiftPorts): Promise<void> {
  const until = Date.now() + readyTimeoutMs;
  const addresses = [ports.object, ports.container, ports.account, ports.proxy].map(
    (port) => `http://127.0.0.1:${port}/healthcheck`,
  );
  if (ports.keystone !== undefined) addresses.push(`http://127.0.0.1:${ports.keystone}/v3`);
  for (const address of addresses) {
    while (!(await isUp(address))) {
      if (Date.now() > until) throw new Error(`no answer from ${address}`);
      await delay(200);
    }
  }
}

async function isUp(address: string): Promise<boolean> {
  try {
    return (await fetch(address, { signal: AbortSignal.timeout(5_000) })).ok;
  } catch {
    return false;
  }
}
