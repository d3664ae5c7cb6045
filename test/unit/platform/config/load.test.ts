import { expect, test } from "vitest";
import {
  ConfigError,
  duration,
  integer,
  loadConfig,
  oneOf,
  type OptionTable,
  option,
  size,
  someOf,
  text,
  truth,
} from "../../../../server/platform/config/index.ts";

interface Example {
  readonly server: { readonly port: number; readonly name: string };
  readonly limits: {
    readonly windowMs: number;
    readonly sizeBytes: number;
    readonly enabled: boolean;
    readonly mode: "a" | "b";
    readonly parts: readonly ("x" | "y")[];
  };
}

const table: OptionTable<Example> = {
  server: {
    port: option({
      key: "server.http_listen_port",
      kind: integer({ min: 0, max: 65_535 }),
      default: 9009,
      doc: "Port.",
    }),
    name: option({ key: "server.name", kind: text, default: "urd", doc: "Name." }),
  },
  limits: {
    windowMs: option({
      key: "limits.out_of_order_time_window",
      flag: "ingester.out-of-order-time-window",
      kind: duration({ min: 1 }),
      default: 7_200_000,
      doc: "Window.",
    }),
    sizeBytes: option({ key: "limits.size", kind: size(), default: 1024, doc: "Size." }),
    enabled: option({ key: "limits.enabled", kind: truth, default: true, doc: "On." }),
    mode: option({ key: "limits.mode", kind: oneOf(["a", "b"]), default: "a", doc: "Mode." }),
    parts: option({ key: "limits.parts", kind: someOf(["x", "y"]), default: ["x"], doc: "Parts." }),
  },
};

function load(yaml: string, args: readonly string[] = [], environment = {}): Example {
  return loadConfig(table, { args, file: { name: "urd.yaml", text: yaml }, environment });
}

function problemsOf(yaml: string, args: readonly string[] = []): readonly string[] {
  try {
    load(yaml, args);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test("an empty file and no flags give the defaults", () => {
  expect(load("")).toEqual({
    server: { port: 9009, name: "urd" },
    limits: { windowMs: 7_200_000, sizeBytes: 1024, enabled: true, mode: "a", parts: ["x"] },
  });
});

test("a flag beats the file, the file beats the default", () => {
  const config = load("server: {http_listen_port: 1, name: file}", ["--server.name", "flag"]);
  expect(config.server).toEqual({ port: 1, name: "flag" });
});

test("flags come as --name=value, --name value, -name=value, and bare for truth values", () => {
  const args = [
    "--server.http-listen-port=7",
    "--ingester.out-of-order-time-window",
    "1h30m",
    "-limits.size=1.5MiB",
    "--limits.enabled=false",
    "--limits.parts=x,y",
  ];
  const config = load("", args);
  expect(config.server.port).toBe(7);
  expect(config.limits).toMatchObject({
    windowMs: 5_400_000,
    sizeBytes: 1_572_864,
    enabled: false,
    parts: ["x", "y"],
  });
  expect(load("limits: {enabled: false}", ["--limits.enabled"]).limits.enabled).toBe(true);
});

test("variables are expanded inside texts after parsing", () => {
  // biome-ignore lint: the placeholder is the file's, not a template's
  const yaml = "server: {http_listen_port: '${PORT:80}', name: 'a-${NAME}-${GONE:}-z'}";
  expect(load(yaml, [], { NAME: "x: {y" }).server).toEqual({ port: 80, name: "a-x: {y--z" });
  expect(() => load("server: {name: '${GONE}'}")).toThrow(
    "urd.yaml: the environment variable GONE is not set and has no default",
  );
});

test("unknown keys and flags name the nearest known one", () => {
  expect(problemsOf("server: {http_listen_prot: 1}")).toEqual([
    "urd.yaml: unknown key server.http_listen_prot; did you mean server.http_listen_port?",
  ]);
  expect(problemsOf("out_of_order_time_window: 1h")).toEqual([
    "urd.yaml: unknown key out_of_order_time_window; did you mean limits.out_of_order_time_window?",
  ]);
  expect(problemsOf("", ["--server.http-port=1"])).toEqual([
    "unknown flag --server.http-port; did you mean --server.http-listen-port?",
  ]);
  expect(problemsOf("zzzzzzzz: 1")).toEqual(["urd.yaml: unknown key zzzzzzzz"]);
});

test("values that do not fit say what was expected, all at once", () => {
  const yaml = "server: {http_listen_port: 70000}\nlimits: {mode: c, size: 1 parsec, enabled: 2}";
  expect(problemsOf(yaml, ["--ingester.out-of-order-time-window=soon"])).toEqual([
    "server.http_listen_port is 70000: expected a whole number from 0 to 65535",
    '--ingester.out-of-order-time-window is "soon": expected a duration such as 30s or 2h of at least 1ms',
    'limits.size is "1 parsec": expected a size such as 100MiB',
    "limits.enabled is 2: expected true or false",
    'limits.mode is "c": expected one of a, b',
  ]);
});

test("words that are no flags, flags without value and flags given twice are problems", () => {
  expect(problemsOf("", ["serve"])).toEqual(['unexpected argument "serve"']);
  expect(problemsOf("", ["--server.name"])).toEqual(["--server.name needs a value"]);
  expect(problemsOf("", ["--server.name=a", "--server.name=b"])).toEqual([
    "--server.name is given twice",
  ]);
});

test("a file that is not a map, or not YAML, is refused with its name", () => {
  expect(problemsOf("- a")).toEqual(["urd.yaml: the file must be a map of keys to values"]);
  expect(problemsOf("server: 3")).toEqual(["urd.yaml: server must be a map of keys to values"]);
  expect(problemsOf("a: [")[0]).toMatch(/^urd\.yaml: not valid YAML: /);
});

test("a section may be left empty", () => {
  expect(load("server:\nlimits:\n  mode: b\n").limits.mode).toBe("b");
});
