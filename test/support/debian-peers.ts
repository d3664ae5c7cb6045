import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Programs of others that tests and benchmarks run, by the name of their binary. */
export type PeerName = "prometheus" | "promtool" | "victoria-metrics" | "prometheus-node-exporter";

const packages: Readonly<Record<PeerName, string>> = {
  prometheus: "prometheus",
  promtool: "promtool",
  "victoria-metrics": "victoria-metrics",
  "prometheus-node-exporter": "prometheus-node-exporter",
};

/** Which Debian the programs are from. */
export const suite = "sid";
export const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Where unpacked packages are kept between runs; one folder per user of the machine. */
const cacheFolder = join(
  process.env["URD_PEERS_DIR"] ?? join(tmpdir(), `urd-peers-${process.getuid?.() ?? 0}`),
);

/** Either the path of a program, or the reason why it is not to be had here. */
export type Peer = { readonly path: string } | { readonly reason: string };

/**
 * Finds or fetches a program from its Debian package: apt-get download and dpkg -x into a
 * private folder, so nothing is installed and no root is needed. The suite is taken from the
 * mirror that the machine already uses.
 */
export function peer(name: PeerName): Peer {
  const path = join(cacheFolder, "root", "usr", "bin", name);
  if (existsSync(path)) return { path };
  try {
    unpackPackage(packages[name], join(cacheFolder, "root"));
  } catch (error) {
    return {
      reason: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
    };
  }
  return existsSync(path) ? { path } : { reason: `${packages[name]} holds no ${name}` };
}

/**
 * The path of a program for a test, or undefined where it cannot be had and is not required.
 * With `prometheus` in URD_REQUIRE its absence is an error instead.
 */
export function peerOrSkip(name: PeerName): string | undefined {
  const found = peer(name);
  if ("path" in found) return found.path;
  const required = (process.env["URD_REQUIRE"] ?? "").split(",");
  if (required.includes("prometheus")) throw new Error(`${name} is required: ${found.reason}`);
  console.warn(`skipped: ${name} is not to be had here (${found.reason})`);
  return undefined;
}

/** The machine's own Debian mirror, from either form of source list. */
export function debianMirror(): string {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list"];
  if (existsSync(folder)) files.push(...readdirSync(folder).map((file) => join(folder, file)));
  for (const file of files.filter((path) => existsSync(path))) {
    const text = readFileSync(file, "utf8");
    const found =
      /^URIs: *(\S+\/debian)\/? *$/m.exec(text)?.[1] ??
      /^deb +(?:\[[^\]]*\] +)?(\S+\/debian)\/? /m.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  throw new Error("no Debian source is configured");
}

/** Writes an apt configuration that leaves the machine's own untouched; returns its path. */
function aptConfig(): string {
  const apt = join(cacheFolder, "apt");
  const config = join(apt, "apt.conf");
  for (const folder of ["lists/partial", "cache/archives/partial", "debs"]) {
    mkdirSync(join(apt, folder), { recursive: true });
  }
  writeFileSync(
    join(apt, "sources.list"),
    `deb [signed-by=${keyring}] ${debianMirror()} ${suite} main\n`,
  );
  writeFileSync(
    config,
    [
      `Dir::Etc::sourcelist "${apt}/sources.list";`,
      'Dir::Etc::sourceparts "-";',
      `Dir::State::lists "${apt}/lists";`,
      `Dir::Cache "${apt}/cache";`,
      'Dir::State::status "/var/lib/dpkg/status";',
      'APT::Sandbox::User "root";',
      "",
    ].join("\n"),
  );
  if (readdirSync(join(apt, "lists")).every((entry) => entry === "partial" || entry === "lock")) {
    run("apt-get", ["update", "-qq"], config);
  }
  return config;
}

/** Fetches a package of Debian and unpacks it into `folder`; runs nothing of it. Throws. */
export function unpackPackage(name: string, folder: string): void {
  const config = aptConfig();
  const debs = join(cacheFolder, "apt", "debs");
  run("apt-get", ["download", "-qq", name], config, debs);
  const deb = readdirSync(debs).find((file) => file.startsWith(`${name}_`));
  if (deb === undefined) throw new Error(`apt-get downloaded no package ${name}`);
  run("dpkg", ["-x", join(debs, deb), folder], config);
}

function run(command: string, args: readonly string[], config: string, cwd?: string): void {
  execFileSync(command, args, {
    stdio: ["ignore", "ignore", "pipe"],
    timeout: 180_000,
    env: { ...process.env, APT_CONFIG: config },
    ...(cwd === undefined ? {} : { cwd }),
  });
}
