import { expect, test } from "vitest";
import { runCommandLine } from "../../../../server/runtime/cli/command-line.ts";
import type { Config } from "../../../../server/runtime/options.ts";

interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly served: readonly Config[];
}

async function run(args: readonly string[], files: Record<string, string> = {}): Promise<Run> {
  const out: string[] = [];
  const err: string[] = [];
  const served: Config[] = [];
  const code = await runCommandLine({
    args,
    environment: { PORT: "1234" },
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw new Error(`${path} cannot be read`);
      return text;
    },
    serve: (config) => {
      served.push(config);
      return Promise.resolve(0);
    },
  });
  return { code, out: out.join(""), err: err.join(""), served };
}

test("without a command it serves with the defaults", async () => {
  const { code, served } = await run([]);
  expect(code).toBe(0);
  expect(served[0]?.server).toMatchObject({
    httpListenAddress: "127.0.0.1",
    httpListenPort: 9009,
  });
  expect(served[0]?.limits.outOfOrderWindowMs).toBe(7_200_000);
});

test("the file is read, variables are expanded, flags win", async () => {
  const files = { "u.yaml": "server: {http_listen_port: '${PORT}'}\nmultitenancy_enabled: true" };
  const args = ["--config.file", "u.yaml", "--auth.multitenancy-enabled=false"];
  const { served } = await run(args, files);
  expect(served[0]?.server.httpListenPort).toBe(1234);
  expect(served[0]?.process.multitenancyEnabled).toBe(false);
});

test("a bad configuration is told line by line and nothing starts", async () => {
  const { code, err, served } = await run(["--server.http-listen-prot=1", "--wal.sync=never"]);
  expect(code).toBe(2);
  expect(served).toEqual([]);
  expect(err.split("\n")).toEqual([
    "urd: unknown flag --server.http-listen-prot; did you mean --server.http-listen-port?",
    'urd: --wal.sync is "never": expected one of interval, always, os',
    "",
  ]);
});

test("config print gives a file that config check finds good", async () => {
  const printed = await run(["config", "print", "--server.http-listen-port=7"]);
  expect(printed.out).toContain("http_listen_port: 7");
  const checked = await run(["config", "check", "--config.file=p.yaml"], { "p.yaml": printed.out });
  expect(checked).toMatchObject({ code: 0, out: "the configuration is good\n" });
});

test("wrong commands and missing files end with a sentence", async () => {
  expect(await run(["confg"])).toMatchObject({
    code: 2,
    err: "urd: unknown command confg; did you mean config?\n",
  });
  expect(await run(["config", "show"])).toMatchObject({
    code: 2,
    err: "urd config: expected check or print, not show\n",
  });
  expect(await run(["--config.file=gone.yaml"])).toMatchObject({
    code: 2,
    err: "urd: gone.yaml cannot be read\n",
  });
  expect((await run(["--config.file"])).err).toBe("urd: --config.file needs a value\n");
});

test("help lists the basic flags, help-all the rest", async () => {
  const basic = await run(["--help"]);
  expect(basic.out).toContain("--server.http-listen-port <int>");
  expect(basic.out).not.toContain("--wal.sync-interval");
  expect((await run(["--help-all"])).out).toContain("--wal.sync-interval");
  expect((await run(["--version"])).out).toMatch(/^urd source \(unknown\), Node v/);
});
