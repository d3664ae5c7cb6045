import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SeriesFrameSchema } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { CorruptionError } from "../../server/platform/base/index.ts";
import {
  createLabelSetLog,
  createSeriesFrameDecoder,
  createSeriesFrameEncoder,
  type LabelSetLog,
  ReceivedLabelSets,
} from "../../server/wire/index.ts";

/** Labels of a series by its ref; neighbours share strings. */
const pairsOf = (ref: number) => [
  { pairId: 1, name: "__name__", value: "up" },
  { pairId: 10 + (ref % 3), name: "job", value: `job ${ref % 3}` },
  { pairId: 100 + ref, name: "ünit", value: `${ref}` },
];
const labelsOf = (ref: number): string[] =>
  pairsOf(ref).flatMap(({ name, value }) => [name, value]);

const chunk = {
  ...{ encoding: 1, minTimeMs: 1, maxTimeMs: 2, bytes: Uint8Array.of(0, 0) },
  ...{ file: 0, offsetBytes: 0, sizeBytes: 0 },
};

interface Asked {
  readonly known: { readonly epoch: bigint; readonly sets: number };
}

/** Frames of one answer, as a shard makes them. */
function answer(log: LabelSetLog, { known }: Asked, frames: readonly (readonly number[])[]) {
  const isSame = Number(known.epoch) === log.epoch;
  const encoder = createSeriesFrameEncoder({ log, count: isSame ? known.sets : 0 });
  return frames.map((refs) => {
    for (const ref of refs) {
      encoder.addNumbered(log.numberOf(ref) || log.add(ref, pairsOf(ref)), [chunk]);
    }
    return encoder.take();
  });
}

const refs = fc.array(fc.nat(40), { maxLength: 8 });
const frames = fc.array(refs, { minLength: 1, maxLength: 3 });
/** Answers in the order in which they are asked; the log is a new one before some of them. */
const answers = fc.array(fc.record({ frames, isNewLog: fc.boolean() }), { maxLength: 8 });

describe("label sets by number", () => {
  test("are those of the series, in whatever order answers are read", () => {
    fc.assert(
      fc.property(answers, fc.boolean(), (asked, areReadLate) => {
        const received = new ReceivedLabelSets();
        let log = createLabelSetLog();
        const late: (() => void)[] = [];
        for (const one of asked) {
          if (one.isNewLog) log = createLabelSetLog();
          const sets = received.open();
          const bytes = answer(log, sets, one.frames);
          const read = (): void => {
            const decoder = createSeriesFrameDecoder(sets);
            expect(bytes.map((frame) => decoder.decode(frame).map(({ labels }) => labels))).toEqual(
              one.frames.map((some) => some.map(labelsOf)),
            );
          };
          if (areReadLate) late.unshift(read);
          else read();
        }
        for (const read of late) read();
      }),
    );
  });

  test("are sent once to a reader that keeps them", () => {
    const received = new ReceivedLabelSets();
    const log = createLabelSetLog();
    const read = (): number => {
      const sets = received.open();
      const [frame = new Uint8Array(0)] = answer(log, sets, [[1, 2, 3]]);
      createSeriesFrameDecoder(sets).decode(frame);
      return fromBinary(SeriesFrameSchema, frame).labelSets?.sets.length ?? 0;
    };
    expect([read(), read()]).toEqual([3, 0]);
  });

  test("stand in the bytes as the message has them", () => {
    fc.assert(
      fc.property(frames, (input) => {
        const log = createLabelSetLog();
        const symbols: string[] = [];
        const found: string[][] = [];
        for (const frame of answer(log, { known: { epoch: 0n, sets: 0 } }, input)) {
          const { labelSets, series } = fromBinary(SeriesFrameSchema, frame);
          if (labelSets !== undefined) {
            expect(labelSets.setsBefore).toBe(found.length);
            expect(labelSets.symbolsBefore).toBe(symbols.length);
            symbols.push(...labelSets.symbols);
            found.push(...labelSets.sets.map((set) => set.labelRefs.map((ref) => symbols[ref]!)));
          }
          for (const one of series) expect(found[one.labelSet - 1]).toBeDefined();
        }
        const distinct = [...new Set(input.flat())];
        expect(found).toEqual(distinct.map(labelsOf));
      }),
    );
  });

  test("that were never told of are refused", () => {
    const log = createLabelSetLog();
    const sets = new ReceivedLabelSets().open();
    const [first, second] = answer(log, sets, [[1], [2]]);
    const decoder = createSeriesFrameDecoder(sets);
    expect(() => decoder.decode(second ?? new Uint8Array(0))).toThrow(CorruptionError);
    expect(decoder.decode(first ?? new Uint8Array(0))).toHaveLength(1);
  });

  test("are not numbered beyond the bound", () => {
    const log = createLabelSetLog();
    const long = "x".repeat(64 * 1024);
    let numbered = 0;
    for (let ref = 1; ref <= 200; ref++) {
      const pairs = [{ pairId: ref, name: "a", value: `${long}${ref}` }];
      if (log.add(ref, pairs) > 0) numbered++;
    }
    expect(numbered).toBeGreaterThan(28);
    expect(numbered).toBeLessThan(36);
    expect(log.numberOf(200)).toBe(0);
  });
});
