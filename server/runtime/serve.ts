import process from "node:process";
import { type Clock, errorText } from "../platform/base/index.ts";
import { createLogger, type Logger } from "../platform/telemetry/index.ts";
import { banner } from "./banner.ts";
import { exitCodes } from "./cli/command-line.ts";
import { keepHeapsSmall } from "./heap-policy.ts";
import type { Config } from "./options.ts";
import { createServer, type Server } from "./server.ts";
import { watchSignals } from "./signals.ts";
import { buildInfo } from "./version.ts";

/**
 * Runs the server until a signal stops it. Returns the exit code: 0 after a clean stop, 1 when
 * it could not start or stop. A second signal, or an error that nobody caught, ends the process
 * at once with code 1; what was acknowledged is in the log by then.
 */
export async function serve(config: Config, clock: Clock): Promise<number> {
  keepHeapsSmall();
  const logger = createLogger({
    level: config.process.logLevel,
    format: config.process.logFormat,
  });
  dieOfUncaught(logger);
  const stopped = Promise.withResolvers<void>();
  watchSignals(process, clock, {
    first: () => stopped.resolve(),
    second: () => process.exit(exitCodes.failed),
  });
  const server = await createServer(config, { clock, logger });
  const started = await Promise.race([
    start(server, logger).then((isUp) => (isUp ? "up" : "failed")),
    stopped.promise.then(() => "stopped"),
  ]);
  if (started === "failed") return exitCodes.failed;
  if (started === "up") process.stdout.write(bannerOf(server, config));
  await stopped.promise;
  logger.info("stopping");
  const clean = await server.stop();
  logger.info("stopped");
  return clean ? exitCodes.ok : exitCodes.failed;
}

async function start(server: Server, logger: Logger): Promise<boolean> {
  try {
    await server.start();
    return true;
  } catch (error) {
    process.stderr.write(`urd: ${errorText(error)}\n`);
    logger.debug("the start failed", { error });
    return false;
  }
}

function bannerOf(server: Server, config: Config): string {
  return banner({
    version: buildInfo.version,
    address: config.server.httpListenAddress,
    port: server.port(),
    dataDir: config.process.dataDir,
    multitenancyEnabled: config.process.multitenancyEnabled,
  });
}

function dieOfUncaught(logger: Logger): void {
  const die = (error: unknown): void => {
    logger.error("a bug stops the process", { error });
    process.exit(exitCodes.failed);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
}
