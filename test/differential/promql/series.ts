import { labelsFrom } from "../../../server/model/index.ts";
import { type Prng, seededPrng } from "../../../server/platform/base/index.ts";
import { createMemoryQueryable, type MemoryQueryable } from "../../support/memory-queryable.ts";

/** One series on the grid of `sampleTimes`; undefined: no sample at that time. */
interface GridSeries {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly (number | undefined)[];
}

/** Times of the samples: two hours, one sample every 15 seconds. */
export const sampleTimes: {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
} = { startMs: 1_700_000_000_000, stepMs: 15_000, count: 480 };

const bounds = ["0.1", "0.5", "1", "2.5", "10", "+Inf"];

/** Counters with resets and gaps, gauges with NaN and infinities, classic histograms. */
function makeSeries(prng: Prng): readonly GridSeries[] {
  const random = (): number => prng.next();
  const column = <T>(make: (i: number) => T): T[] =>
    Array.from({ length: sampleTimes.count }, (_, i) => make(i));
  const counter = (): (number | undefined)[] => {
    let value = Math.floor(random() * 50);
    return column(() => {
      value = random() < 0.01 ? random() * 3 : value + random() * 10;
      return random() < 0.05 ? undefined : value;
    });
  };
  const gauge = (): (number | undefined)[] => {
    let value = random() * 100 - 50;
    return column(() => {
      value += random() * 4 - 2;
      const scaled = value * 10 ** Math.floor(random() * 6 - 3);
      const kind = random();
      if (kind < 0.1) return undefined;
      if (kind < 0.11) return Number.NaN;
      return kind < 0.12 ? Infinity : scaled;
    });
  };
  const histogram = (): (number | undefined)[][] => {
    const counts = bounds.map(() => 0);
    const rows = column(() => {
      let sum = 0;
      return counts.map((_, b) => {
        counts[b] = (counts[b] as number) + random() * 3;
        sum += counts[b] as number;
        return Math.floor(sum);
      });
    });
    return bounds.map((_, b) => rows.map((row) => row[b]));
  };
  return ["api", "db", "web"].flatMap((job) =>
    ["a", "b", "c"].flatMap((instance): GridSeries[] => {
      const labels = { job, instance };
      const zone = instance === "a" ? "z1" : "z2";
      const version = `1.${Math.floor(random() * 3)}`;
      return [
        { name: "cpu_total", labels: { ...labels, mode: "idle" }, values: counter() },
        { name: "cpu_total", labels: { ...labels, mode: "user" }, values: counter() },
        { name: "temp", labels, values: gauge() },
        {
          name: "mem",
          labels: { ...labels, zone },
          values: column((i) => (i > 200 && i < 280 ? undefined : Math.floor(random() * 5))),
        },
        { name: "build_info", labels: { ...labels, version }, values: column(() => 1) },
        ...histogram().map((values, b) => ({
          name: "lat_bucket",
          labels: { ...labels, le: bounds[b] as string },
          values,
        })),
      ];
    }),
  );
}

const all: readonly GridSeries[] = makeSeries(seededPrng(7));

/** The series in memory. */
export function inMemory(): MemoryQueryable {
  const store = createMemoryQueryable(7);
  for (const { name, labels, values } of all) {
    const set = labelsFrom([["__name__", name], ...Object.entries(labels)]);
    values.forEach((value, i) => {
      if (value !== undefined) {
        store.add(set, sampleTimes.startMs + i * sampleTimes.stepMs, value);
      }
    });
  }
  return store;
}

/** The series as promtool reads them. */
export function asOpenMetrics(): string {
  const lines: string[] = [];
  for (const name of new Set(all.map((series) => series.name))) {
    lines.push(`# TYPE ${name} unknown`);
    for (const { labels, values } of all.filter((series) => series.name === name)) {
      const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
      values.forEach((value, i) => {
        if (value === undefined) return;
        const text = value === Infinity ? "+Inf" : String(value);
        const seconds = (sampleTimes.startMs + i * sampleTimes.stepMs) / 1000;
        lines.push(`${name}{${pairs.join(",")}} ${text} ${seconds}`);
      });
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
}
