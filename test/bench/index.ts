/**
 * Benchmarks: `npm run bench -- <name> [--json] [--key=value …]`. Ratios count, not absolute
 * figures: peers run in the same minutes on the same machine.
 */
import { type BenchPeer, missingPeer } from "../support/bench-peers.ts";

/** The command line of a benchmark. */
export interface BenchOptions {
  readonly json: boolean;
  number(name: string, otherwise: number): number;
  flag(name: string): boolean;
  text(name: string, otherwise: string): string;
  /** The peers asked for with --peers=a,b that can run here. */
  peers(all: readonly BenchPeer[]): readonly BenchPeer[];
}

const benchmarks: Readonly<
  Record<string, () => Promise<(options: BenchOptions) => Promise<void>>>
> = {
  ingest: async () => (await import("./ingest.ts")).benchIngest,
  restart: async () => (await import("./restart.ts")).benchRestart,
  tenants: async () => (await import("./tenants.ts")).benchTenants,
  query: async () => (await import("./query.ts")).benchQuery,
  memory: async () => (await import("./memory.ts")).benchMemory,
  fairness: async () => (await import("./fairness.ts")).benchFairness,
  kernel: async () => (await import("./kernel.ts")).benchKernel,
  churn: async () => (await import("./churn.ts")).benchChurn,
};

function parseOptions(args: readonly string[]): BenchOptions {
  const values = new Map(
    args
      .filter((arg) => arg.startsWith("--"))
      .map((arg): [string, string] => {
        const [name, ...rest] = arg.slice(2).split("=");
        return [name ?? "", rest.join("=")];
      }),
  );
  return {
    json: values.has("json"),
    number: (name, otherwise) => (values.has(name) ? Number(values.get(name)) : otherwise),
    flag: (name) => values.has(name),
    text: (name, otherwise) => values.get(name) ?? otherwise,
    peers(all) {
      const wanted = values.get("peers")?.split(",") ?? all;
      return all.filter((peer) => {
        const reason = missingPeer(peer);
        if (wanted.includes(peer) && reason !== undefined)
          console.error(`${peer} left out: ${reason}`);
        return wanted.includes(peer) && reason === undefined;
      });
    },
  };
}

const name = process.argv[2] ?? "";
const load = benchmarks[name];
if (load === undefined) {
  console.error(`usage: npm run bench -- <${Object.keys(benchmarks).join("|")}> [--json]`);
  process.exitCode = 2;
} else {
  const run = await load();
  await run(parseOptions(process.argv.slice(3)));
}
