import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { RequestSchema } from "../../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../../gen/prometheus/remote_pb.ts";
import { ExemplarStore } from "../../../server/ingester/exemplars.ts";
import {
  createLimits,
  multitenantDefaults,
  type TenantLimits,
} from "../../../server/limits/index.ts";
import type { Matcher } from "../../../server/model/index.ts";

const everywhere = { startMs: -Infinity, endMs: Infinity };
const all = [{ matchers: [], ...everywhere }];

const storeOf = (exemplarsMax: number, shards = 1) =>
  new ExemplarStore(
    createLimits({ defaults: { ...multitenantDefaults, exemplarsMax }, overrides: new Map() }),
    shards,
  );

const label = (name: string, value: string) => ({ name, value });

const write1 = toBinary(
  WriteRequestSchema,
  create(WriteRequestSchema, {
    timeseries: [
      {
        labels: [label("job", "a"), label("__name__", "m")],
        exemplars: [
          { labels: [label("trace_id", "x")], value: 0.25, timestamp: 1_700_000_000_123n },
          { labels: [label("trace_id", "old")], value: -0, timestamp: -5n },
        ],
      },
      { labels: [label("__name__", "n")], samples: [{ value: 1, timestamp: 1n }] },
      { labels: [label("job", "no name")], exemplars: [{ value: 1, timestamp: 1n }] },
      {
        labels: [label("__name__", "twice"), label("a", "1"), label("a", "2")],
        exemplars: [{ value: 1, timestamp: 1n }],
      },
    ],
  }),
);

const write2 = toBinary(
  RequestSchema,
  create(RequestSchema, {
    symbols: ["", "__name__", "m", "job", "a", "trace_id", "x"],
    timeseries: [
      {
        labelsRefs: [1, 2, 3, 4],
        exemplars: [{ labelsRefs: [5, 6], value: 0.25, timestamp: 1_700_000_000_123n }],
      },
    ],
  }),
);

describe("exemplars of a payload", () => {
  test("of remote write 1.0, with or without samples, from good series alone", () => {
    const store = storeOf(10);
    expect(store.take("t", 1, write1)).toBe(1);
    const [series, ...rest] = store.find("t", all);
    expect(rest).toEqual([]);
    expect(series).toEqual({
      labels: ["__name__", "m", "job", "a"],
      exemplars: [{ labels: ["trace_id", "x"], value: 0.25, timeMs: 1_700_000_000_123 }],
    });
  });

  test("times before 1970 and the sign of zero stay", () => {
    const store = storeOf(10);
    const payload = toBinary(
      WriteRequestSchema,
      create(WriteRequestSchema, {
        timeseries: [
          { labels: [label("__name__", "m")], exemplars: [{ value: -0, timestamp: -5n }] },
        ],
      }),
    );
    expect(store.take("t", 1, payload)).toBe(1);
    expect([...store.find("t", all)][0]?.exemplars).toEqual([
      { labels: [], value: -0, timeMs: -5 },
    ]);
  });

  test("of remote write 2.0 are the same; those known count as kept", () => {
    const store = storeOf(10);
    expect(store.take("t", 2, write2)).toBe(1);
    expect(store.take("t", 1, write1)).toBe(1);
    expect([...store.find("t", all)]).toHaveLength(1);
    expect(store.size).toBe(1);
  });

  test("stay with their tenant, and none are kept where the limit is zero", () => {
    const store = storeOf(10);
    store.take("t", 2, write2);
    expect([...store.find("u", all)]).toEqual([]);
    const none = storeOf(0);
    expect(none.take("t", 2, write2)).toBe(0);
    expect([...none.find("t", all)]).toEqual([]);
  });

  test("of series whose labels are more or longer than allowed are left out", () => {
    const limited = (limits: Partial<TenantLimits>) =>
      new ExemplarStore(
        createLimits({
          defaults: { ...multitenantDefaults, exemplarsMax: 10, ...limits },
          overrides: new Map(),
        }),
        1,
      ).take("t", 2, write2);
    expect(limited({ labelNamesMax: 2, labelNameSizeBytesMax: 8, labelValueSizeBytesMax: 1 })).toBe(
      1,
    );
    expect(limited({ labelNamesMax: 1 })).toBe(0);
    expect(limited({ labelNameSizeBytesMax: 7 })).toBe(0);
    expect(limited({ labelNamesMax: 0, labelNameSizeBytesMax: 0, labelValueSizeBytesMax: 0 })).toBe(
      1,
    );
  });

  test("a shard keeps its part of the limit", () => {
    const store = storeOf(4, 2);
    const payload = (timeMs: number) =>
      toBinary(
        RequestSchema,
        create(RequestSchema, {
          symbols: ["", "__name__", "m"],
          timeseries: [{ labelsRefs: [1, 2], exemplars: [{ timestamp: BigInt(timeMs) }] }],
        }),
      );
    for (let i = 0; i < 10; i++) store.take("t", 2, payload(i));
    expect(store.size).toBe(4);
    const many = new ExemplarStore(
      createLimits({
        defaults: { ...multitenantDefaults, exemplarsMax: 4, seriesMax: 0 },
        overrides: new Map(),
      }),
      2,
    );
    for (let i = 0; i < 10; i++) many.take("t", 2, payload(i));
    expect(many.size).toBe(2);
  });

  test("are found by matchers, any selection of several", () => {
    const store = storeOf(10);
    store.take("t", 2, write2);
    const found = (...matchers: Matcher[]) =>
      [...store.find("t", [{ matchers, ...everywhere }])].length;
    expect(found({ type: "=~", name: "job", value: "a|b" })).toBe(1);
    expect(found({ type: "=", name: "none", value: "" })).toBe(1);
    expect(found({ type: "!=", name: "job", value: "a" })).toBe(0);
  });

  test("of anything malformed never throw", () => {
    const store = storeOf(10);
    for (let i = 0; i < write1.length; i++) {
      store.take("t", 1, write1.subarray(0, i));
      store.take("t", 2, write1.subarray(i));
    }
    for (let i = 0; i < write2.length; i++) {
      const spoilt = Uint8Array.from(write2, (byte, at) => (at === i ? 255 - byte : byte));
      store.take("t", 2, spoilt);
    }
    expect(store.take("t", 2, write2)).toBeLessThanOrEqual(1);
  });
});
