import { pino } from "pino";

/** Levels in rising order of importance. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
/** One of `logLevels`. */
export type LogLevel = (typeof logLevels)[number];

/** Shapes of a log line. */
export const logFormats = ["logfmt", "json"] as const;
/** One of `logFormats`. */
export type LogFormat = (typeof logFormats)[number];

/** What a line says beside its message. Errors keep their stack. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes log lines. Calls never throw and never wait; lines of one thread keep their order. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** How a logger writes. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes whole lines with their newline; undefined: standard error, written at once. */
  readonly write?: (line: string) => void;
}

/** A logger of the calling thread. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? standardError();
  const target = {
    write: options.format === "json" ? write : (line: string) => write(logfmtLine(line)),
  };
  const root = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: "msg",
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    target,
  );
  return wrap(root);
}

/** A logger that writes nothing; for tests and for tools. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};

function wrap(inner: pino.Logger): Logger {
  return {
    debug: (message, fields) => inner.debug(fields ?? {}, message),
    info: (message, fields) => inner.info(fields ?? {}, message),
    warn: (message, fields) => inner.warn(fields ?? {}, message),
    error: (message, fields) => inner.error(fields ?? {}, message),
    with: (fields) => wrap(inner.child(fields)),
  };
}

/** Standard error without a buffer: the last line before a crash is the one that matters. */
function standardError(): (line: string) => void {
  const destination = pino.destination({ fd: 2, sync: true });
  return (line) => {
    destination.write(line);
  };
}

function logfmtLine(json: string): string {
  const { time, level, msg, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const pairs = Object.entries({ ts: time, level, msg, ...rest });
  return `${pairs.map(([key, value]) => `${key}=${logfmtValue(value)}`).join(" ")}\n`;
}

const plainValue = /^[^\s"=]+$/;

function logfmtValue(value: unknown): string {
  const text = typeof value === "object" && value !== null ? objectText(value) : String(value);
  return plainValue.test(text) ? text : JSON.stringify(text);
}

function objectText(value: object): string {
  return "stack" in value && typeof value.stack === "string" ? value.stack : JSON.stringify(value);
}
