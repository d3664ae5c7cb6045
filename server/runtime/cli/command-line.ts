import {
  ConfigError,
  type Environment,
  helpText,
  loadConfig,
  nearestName,
  printConfig,
} from "../../platform/config/index.ts";
import { errorText } from "../../platform/base/index.ts";
import { type Config, options } from "../options.ts";
import { buildInfo } from "../version.ts";

/** What a command line may use of the world. */
export interface CommandWorld {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Reads a text file; fails with a sentence when it cannot. */
  readonly readFile: (path: string) => string;
  /** Runs the server until it is stopped; returns the exit code. */
  readonly serve: (config: Config) => Promise<number>;
}

/** Exit codes: all went well; something failed; the command or configuration is wrong. */
export const exitCodes: { readonly ok: 0; readonly failed: 1; readonly usage: 2 } = {
  ok: 0,
  failed: 1,
  usage: 2,
};

const usage = `Usage:
  urd [flags]                start the server
  urd config check [flags]   say what is wrong with a configuration, and stop
  urd config print [flags]   print the configuration that would be in force, as YAML
  urd --help | --help-all    the flags that most need, or all of them
  urd --version

  --config.file <path>                        YAML file with options; flags beat it.
`;

/** Runs one command line to its end and returns the exit code. */
export async function runCommandLine(world: CommandWorld): Promise<number> {
  const [first = "", ...rest] = world.args;
  if (world.args.some((arg) => ["--help", "-h", "-help"].includes(arg))) return help(world, false);
  if (world.args.includes("--help-all")) return help(world, true);
  if (first === "--version" || first === "version") {
    world.out(`urd ${buildInfo.version} (${buildInfo.revision}), Node ${process.version}\n`);
    return exitCodes.ok;
  }
  if (first === "config") return configCommand(world, rest);
  if (first !== "" && !first.startsWith("-")) {
    const nearest = nearestName(first, ["config", "version"]);
    const hint = nearest === undefined ? "" : `; did you mean ${nearest}?`;
    world.err(`urd: unknown command ${first}${hint}\n`);
    return exitCodes.usage;
  }
  const config = readConfig(world, world.args);
  return config === undefined ? exitCodes.usage : world.serve(config);
}

function help(world: CommandWorld, all: boolean): number {
  const maturities = all ? (["basic", "advanced", "experimental"] as const) : (["basic"] as const);
  world.out(`${usage}${helpText(options, maturities)}\n`);
  return exitCodes.ok;
}

function configCommand(world: CommandWorld, [action = "", ...args]: readonly string[]): number {
  if (action !== "check" && action !== "print") {
    world.err(`urd config: expected check or print${action === "" ? "" : `, not ${action}`}\n`);
    return exitCodes.usage;
  }
  const config = readConfig(world, args);
  if (config === undefined) return exitCodes.usage;
  world.out(action === "print" ? printConfig(options, config) : "the configuration is good\n");
  return exitCodes.ok;
}

/** The configuration, or undefined after its problems were written. */
function readConfig(world: CommandWorld, args: readonly string[]): Config | undefined {
  try {
    const { path, rest } = takeConfigFile(args);
    const file = path === undefined ? {} : { file: { name: path, text: world.readFile(path) } };
    return loadConfig(options, { args: rest, environment: world.environment, ...file });
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [errorText(error)];
    world.err(problems.map((problem) => `urd: ${problem}\n`).join(""));
    return undefined;
  }
}

const configFileFlag = /^--?config\.file(?:=(.*))?$/;

/** Takes `--config.file` out: it says where options are and is none itself. */
function takeConfigFile(args: readonly string[]): {
  readonly path: string | undefined;
  readonly rest: readonly string[];
} {
  const index = args.findIndex((arg) => configFileFlag.test(arg));
  if (index < 0) return { path: undefined, rest: args };
  const inline = configFileFlag.exec(args[index] as string)?.[1];
  const path = inline ?? args[index + 1];
  if (path === undefined || path === "") throw new ConfigError(["--config.file needs a value"]);
  const rest = args.toSpliced(index, inline === undefined ? 2 : 1);
  if (rest.some((arg) => configFileFlag.test(arg))) {
    throw new ConfigError(["--config.file is given twice"]);
  }
  return { path, rest };
}
