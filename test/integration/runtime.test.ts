import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** The bundle, which `npm test` makes anew when it is stale: it starts three times as fast. */
const main = new URL("../../dist/urd.mjs", import.meta.url).pathname;

/** Each test starts several processes, and machines that run tests are busy. */
vi.setConfig({ testTimeout: 120_000 });

let root = "";
const children: ChildProcess[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "urd-runtime-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  rmSync(root, { recursive: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  readonly exit: Promise<number | null>;
}

function run(args: readonly string[]): Run {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString();
  });
  const exit = once(child, "close").then(([code]) => code as number | null);
  return { child, out: () => out, err: () => err, exit };
}

/** Starts Urd on a free port and resolves with its address when the banner is out. */
async function started(args: readonly string[] = []): Promise<Run & { readonly url: string }> {
  const own = run(["--server.http-listen-port=0", `--data-dir=${join(root, "data")}`, ...args]);
  for (;;) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(own.out())?.[0];
    if (url !== undefined) return { ...own, url };
    await Promise.race([
      once(own.child.stdout as NonNullable<typeof own.child.stdout>, "data"),
      own.exit.then((code) => {
        throw new Error(`ended with ${code}: ${own.err()}`);
      }),
    ]);
  }
}

interface InstantAnswer {
  readonly status: string;
  readonly data: { readonly result: readonly { readonly metric: Record<string, string> }[] };
}

test("a start without configuration answers a query for its own build at once", async () => {
  const { url, child, exit } = await started();
  const ready = await fetch(`${url}/ready`);
  expect(ready.status).toBe(200);
  const answer = (await (
    await fetch(`${url}/api/v1/query?query=urd_build_info`)
  ).json()) as InstantAnswer;
  expect(answer.status).toBe("success");
  expect(answer.data.result).toHaveLength(1);
  expect(answer.data.result[0]?.metric).toMatchObject({
    __name__: "urd_build_info",
    job: "urd",
    instance: new URL(url).host,
  });
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/^urd_thread_busy_ratio\{thread="shard-0"\} /m);
  expect(metrics).toMatch(/^urd_thread_busy_ratio\{thread="query-0"\} /m);
  const page = await fetch(url);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await page.text()).toContain('<a href="/ready">');
  child.kill("SIGTERM");
  expect(await exit).toBe(0);
});

/** Waits for the first own sample: on a busy machine it may come a moment after the start. */
async function untilItsOwnMetricsAnswer(url: string): Promise<void> {
  const query = encodeURIComponent(`urd_build_info{instance="${new URL(url).host}"}`);
  await vi.waitFor(
    async () => {
      const response = await fetch(`${url}/api/v1/query?query=${query}`);
      expect(((await response.json()) as InstantAnswer).data.result).toHaveLength(1);
    },
    { timeout: 20_000, interval: 100 },
  );
}

test("what was written is there after a clean stop and after kill -9", async () => {
  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    const first = await started();
    await untilItsOwnMetricsAnswer(first.url);
    first.child.kill(signal);
    expect(await first.exit).toBe(signal === "SIGINT" ? 0 : null);
  }
  const { url } = await started(["--self-monitoring.enabled=false"]);
  const query = "count_over_time(urd_build_info[5m])";
  const answer = (await (
    await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`)
  ).json()) as InstantAnswer;
  // Each start listened on a port of its own, so each left a series.
  expect(answer.data.result).toHaveLength(2);
});

test("what keeps it from starting is one sentence, and the exit code says which kind", async () => {
  const { url } = await started();
  const inUse = run([`--data-dir=${join(root, "data")}`, "--server.http-listen-port=0"]);
  expect(await inUse.exit).toBe(1);
  expect(inUse.err()).toContain("is in use by another process; stop that one or set --data-dir\n");

  const port = new URL(url).port;
  const taken = run([`--data-dir=${join(root, "other")}`, `--server.http-listen-port=${port}`]);
  expect(await taken.exit).toBe(1);
  expect(taken.err()).toContain(
    `urd: the address 127.0.0.1:${port} is in use by another process; set --server.http-listen-port\n`,
  );

  const unknown = run(["--data-dri=x"]);
  expect(await unknown.exit).toBe(2);
  expect(unknown.err()).toBe("urd: unknown flag --data-dri; did you mean --data-dir?\n");

  writeFileSync(join(root, "file"), "");
  const file = run([`--data-dir=${join(root, "file")}`]);
  expect(await file.exit).toBe(1);
  expect(file.err()).toContain("is not a directory; set --data-dir\n");
});

test("a port that is taken by something else is told as well", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as { port: number };
  const own = run([
    `--data-dir=${join(root, "data")}`,
    `--server.http-listen-port=${address.port}`,
  ]);
  expect(await own.exit).toBe(1);
  expect(own.err()).toContain(`127.0.0.1:${address.port} is in use`);
  server.close();
});
