import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** CPU and memory of a process with all its children. */
export interface Usage {
  /** User and system time, seconds; ticks are 10 ms. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** A program under test or a peer, running on loopback. */
export interface RunningServer {
  readonly pid: number;
  readonly url: string;
  usage(): Usage;
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  readonly exited: Promise<number | null>;
}

/** How to start a server and to see that it is ready. */
export interface ServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly url: string;
  readonly readyPath: string;
  readonly logFile: string;
  readonly readyTimeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** A TCP port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/** Starts a server and waits until its ready address answers 200. Its output goes to the log file. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const log = createWriteStream(options.logFile, { flags: "a" });
  const child = spawn(options.command, [...options.args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: options.env ?? process.env,
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const running = describe(child, options.url);
  await waitUntilReady(running, options);
  return running;
}

function describe(child: ChildProcess, url: string): RunningServer {
  const pid = child.pid ?? -1;
  const exited = new Promise<number | null>((resolve) =>
    child.once("exit", (code) => resolve(code)),
  );
  return {
    pid,
    url,
    exited,
    usage: () => usageOf(pid),
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

async function waitUntilReady(server: RunningServer, options: ServerOptions): Promise<void> {
  const deadline = performance.now() + (options.readyTimeoutMs ?? 60_000);
  const gone = server.exited.then((code) => `exited with code ${code}`);
  while (performance.now() < deadline) {
    const answer = await Promise.race([probe(`${options.url}${options.readyPath}`), gone]);
    if (answer === true) return;
    if (typeof answer === "string")
      throw new Error(`${options.command} ${answer}: ${lastLines(options.logFile)}`);
    await delay(10);
  }
  await server.kill("SIGKILL");
  throw new Error(`${options.command} was not ready in time: ${lastLines(options.logFile)}`);
}

function lastLines(logFile: string): string {
  return readFileSync(logFile, "utf8").split("\n").slice(-8).join("\n");
}

async function probe(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

const ticksPerSecond = 100;

/** CPU seconds and resident bytes of a process tree, from /proc. */
export function usageOf(pid: number): Usage {
  let cpuSeconds = 0;
  let rssBytes = 0;
  for (const each of processTree(pid)) {
    try {
      const fields = statFields(each);
      cpuSeconds += (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
      const status = readFileSync(`/proc/${each}/status`, "utf8");
      rssBytes += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      // The process went away between listing and reading.
    }
  }
  return { cpuSeconds, rssBytes };
}

/** Highest resident size of a process tree from now on, sampled; call the result to stop. */
export function watchRss(pid: number, intervalMs = 100): () => number {
  let peak = 0;
  const sample = (): void => {
    peak = Math.max(peak, usageOf(pid).rssBytes);
  };
  const timer = setInterval(sample, intervalMs);
  return () => {
    clearInterval(timer);
    sample();
    return peak;
  };
}

function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function processTree(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const parent = Number(statFields(Number(entry))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // Gone meanwhile.
    }
  }
  const found: number[] = [];
  const queue = [root];
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    found.push(pid);
    queue.push(...(children.get(pid) ?? []));
  }
  return found;
}
