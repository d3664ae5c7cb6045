import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { nodeVfs } from "../../server/platform/vfs/index.ts";
import { writeBlock } from "../../server/tsdb/index.ts";
import { blockSeries, blockStartMs, symbolsOf } from "../support/block-samples.ts";
import { peerOrSkip } from "../support/debian-peers.ts";
import { freePort, startServer } from "../support/process.ts";

const program = peerOrSkip("prometheus");

test.skipIf(program === undefined)(
  "Prometheus reads the blocks that Urd writes",
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "urd-prometheus-block-"));
    const series = blockSeries(300, 15_000);
    nodeVfs.makeDirectory(join(dir, "data"));
    await writeBlock(nodeVfs, join(dir, "data"), {
      ulid: "01J00000000000000000000000",
      minTimeMs: blockStartMs,
      maxTimeMs: blockStartMs + 7_200_000,
      outOfOrder: false,
      symbols: symbolsOf(series),
      series,
    });
    writeFileSync(join(dir, "prometheus.yml"), "");
    const url = `http://127.0.0.1:${await freePort()}`;
    const server = await startServer({
      command: program ?? "",
      args: [
        `--config.file=${join(dir, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(dir, "data")}`,
        `--web.listen-address=${url.slice("http://".length)}`,
        "--storage.tsdb.retention.time=100y",
      ],
      url,
      readyPath: "/-/ready",
      logFile: join(dir, "log"),
    });
    try {
      const ask = async (query: string): Promise<unknown> => {
        const time = (blockStartMs + 7_199_999) / 1000;
        const parameters = new URLSearchParams({ query, time: String(time) });
        const response = await fetch(`${url}/api/v1/query?${parameters.toString()}`);
        return ((await response.json()) as { data: { result: unknown } }).data.result;
      };
      expect(await ask("sum(count_over_time(http_requests_total[2h]))")).toMatchObject([
        { value: [expect.anything(), String(3 * 12 * 480)] },
      ]);
      expect(await ask("max(max_over_time(app_setting_11[2h]))")).toMatchObject([
        { value: [expect.anything(), String(299 + 479 * 1.5)] },
      ]);
      expect(await ask("count(up)")).toMatchObject([{ value: [expect.anything(), "3"] }]);
    } finally {
      await server.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    }
  },
  240_000,
);
