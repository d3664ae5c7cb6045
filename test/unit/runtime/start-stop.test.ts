import { expect, test } from "vitest";
import { systemClock } from "../../../server/platform/base/index.ts";
import { silentLogger } from "../../../server/platform/telemetry/index.ts";
import { type ModuleName, moduleNames, modules } from "../../../server/runtime/modules.ts";
import { Readiness } from "../../../server/runtime/readiness.ts";
import {
  type Module,
  type StartStopOptions,
  startModules,
  stopModules,
  stopOrder,
} from "../../../server/runtime/start-stop.ts";

interface Scene extends StartStopOptions {
  readonly events: string[];
}

function scene(special: Partial<Record<ModuleName, Partial<Module>>> = {}): Scene {
  const events: string[] = [];
  const plain = (name: ModuleName): Module => ({
    start: () => Promise.resolve(void events.push(`start ${name}`)),
    stop: () => Promise.resolve(void events.push(`stop ${name}`)),
    ...special[name],
  });
  return {
    events,
    modules: new Map(moduleNames.map((name) => [name, plain(name)])),
    readiness: new Readiness(moduleNames),
    clock: systemClock,
    logger: silentLogger,
    stopTimeoutMs: 20,
  };
}

test("modules start after all that they need, and stop before it", async () => {
  const options = scene();
  await startModules(options);
  expect(options.readiness.reasons()).toEqual([]);
  expect(await stopModules(options)).toBe(true);
  for (const name of moduleNames) {
    for (const need of modules[name]) {
      const at = (event: string): number => options.events.indexOf(event);
      expect(at(`start ${need}`)).toBeLessThan(at(`start ${name}`));
      expect(at(`stop ${need}`)).toBeGreaterThan(at(`stop ${name}`));
    }
  }
});

test("a module that fails to start stops those before it, and none after it starts", async () => {
  const options = scene({ ingester: { start: () => Promise.reject(new Error("no disk")) } });
  await expect(startModules(options)).rejects.toThrow("no disk");
  expect(options.events).not.toContain("start gateway");
  expect(options.events).toContain("stop data-dir");
  expect(options.events).not.toContain("stop gateway");
});

test("a module that hangs or fails while stopping does not keep the others", async () => {
  const options = scene({
    gateway: { stop: () => new Promise(() => {}) },
    querier: { stop: () => Promise.reject(new Error("bad end")) },
  });
  await startModules(options);
  expect(await stopModules(options)).toBe(false);
  expect(options.events).toContain("stop data-dir");
});

test("not being ready has a reason", async () => {
  const options = scene();
  expect(options.readiness.reasons()).toContain("ingester is waiting");
  await startModules(options);
  options.readiness.setFault("shard 0", "restarting");
  expect(options.readiness.reasons()).toEqual(["shard 0: restarting"]);
  options.readiness.setFault("shard 0", undefined);
  expect(options.readiness.reasons()).toEqual([]);
});

test("the stop order holds for a subset", () => {
  expect(stopOrder(["data-dir", "log-sync"])).toEqual(["log-sync", "data-dir"]);
});
