import { expect, test } from "vitest";
import { createLogger, type LogFormat } from "../../../../server/platform/telemetry/index.ts";

function linesOf(
  format: LogFormat,
  level: "debug" | "warn",
): {
  lines: string[];
  logger: ReturnType<typeof createLogger>;
} {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level, format, write: (line) => lines.push(line) }) };
}

test("logfmt quotes what has spaces and keeps an error's stack", () => {
  const { lines, logger } = linesOf("logfmt", "debug");
  logger.with({ shard: 1 }).warn("it is slow", { delay_ms: 5, error: new Error("x y") });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(
    /^ts=\d{4}-\S+Z level=warn msg="it is slow" shard=1 delay_ms=5 error="Error: x y\\n.*"\n$/,
  );
});

test("JSON lines parse, and the level is a word", () => {
  const { lines, logger } = linesOf("json", "debug");
  logger.info("m", { a: "b" });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "info", msg: "m", a: "b" });
});

test("lines below the level are not written", () => {
  const { lines, logger } = linesOf("json", "warn");
  logger.info("m");
  logger.error("n");
  expect(lines).toHaveLength(1);
});
