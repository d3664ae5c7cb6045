import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createUrdClient as createBrowserClient } from "../../../clients/sdk/browser.ts";
import { createUrdClient } from "../../../clients/sdk/index.ts";
import { checkout } from "../../architecture/source-files.ts";
import { freePort, type RunningServer, startServer } from "../../support/process.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "urd-sdk-"));
let server: RunningServer;

beforeAll(async () => {
  const port = await freePort();
  server = await startServer({
    command: process.execPath,
    args: [
      join(checkout, "server/main.ts"),
      `--server.http-listen-port=${port}`,
      `--data-dir=${folder}/data`,
      "--self-monitoring.enabled=false",
    ],
    url: `http://127.0.0.1:${port}`,
    readyPath: "/ready",
    logFile: join(folder, "log"),
  });
});

afterAll(async () => {
  await server.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

const example = async (name: string): Promise<string> => {
  const path = join(checkout, "clients/sdk/examples", name);
  const env = { ...process.env, URD_URL: server.url };
  const { stdout } = await run(process.execPath, [path], { env, timeout: 30_000 });
  return stdout;
};

test("the examples do what they say, one after the other", async () => {
  expect(await example("write.ts")).toBe("stored 2, refused 0\n");
  expect(await example("writer.ts")).toBe("stored 6000 samples\n");
  const lines = (await example("query.ts")).trim().split("\n");
  expect(lines[0]).toBe("now: 32945 []");
  expect(lines.slice(1, 11).map((line) => line.split(" ")[0])).toEqual("0123456789".split(""));
  expect(lines.at(-1)).toMatch(/^refused: err-urd-query-invalid .*unclosed left parenthesis/);
});

test("what one transport writes, all transports read, bit for bit", async () => {
  const { url: baseUrl } = server;
  const timeMs = Date.now() - 1000;
  const values = [-0, Number.NaN, 5e-324, Number.NEGATIVE_INFINITY, 1e300];
  const clients = [
    createUrdClient({ baseUrl }),
    createUrdClient({ baseUrl, transport: "connect" }),
    createBrowserClient({ baseUrl }),
  ];
  for (const [writerNumber, writer] of clients.entries()) {
    const outcome = await writer.write(
      values.map((value, at) => ({
        labels: { __name__: "sdk_value", at: `${writerNumber}/${at}`, "utf8.ä": "✓" },
        samples: [{ timeMs, value }],
      })),
    );
    expect(outcome.refused).toEqual([]);
  }
  for (const client of clients) {
    const { series } = await client.queryInstant("sdk_value", { time: timeMs }).collect();
    const found = new Map(series.map((one) => [one.labels["at"], one]));
    for (const writerNumber of clients.keys()) {
      for (const [at, value] of values.entries()) {
        const one = found.get(`${writerNumber}/${at}`);
        expect(Object.is(one?.values[0], value)).toBe(true);
        expect(one?.timesMs[0]).toBe(timeMs);
        expect(one?.labels["utf8.ä"]).toBe("✓");
      }
    }
    expect((await client.labelNames({ selectors: ["sdk_value"] })).items).toContain("utf8.ä");
    expect((await client.series(['sdk_value{at="0/0"}'])).items).toHaveLength(1);
    client.close();
  }
});

test("refused samples come with id, series and option, the rest is stored", async () => {
  const client = createUrdClient({ baseUrl: server.url });
  const timeMs = Date.now();
  const outcome = await client.write([
    { labels: { __name__: "fine" }, samples: [{ timeMs, value: 1 }] },
    { labels: { __name__: "future" }, samples: [{ timeMs: timeMs + 86_400_000, value: 1 }] },
    { labels: { job: "nameless" }, samples: [{ timeMs, value: 1 }] },
  ]);
  expect(outcome).toMatchObject({ samplesStored: 1, samplesRefused: 2 });
  const byId = Object.fromEntries(outcome.refused.map(({ error }) => [error.id, error]));
  expect(byId["err-urd-too-far-in-future"]).toMatchObject({
    option: "limits.creation_grace_period",
    series: expect.stringContaining("future"),
    retryable: false,
  });
  expect(byId["err-urd-missing-metric-name"]?.series).toContain("nameless");
  client.close();
});
