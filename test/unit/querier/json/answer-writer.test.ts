import { expect, test } from "vitest";
import {
  customSchema,
  emptyHistogram,
  type FloatHistogram,
} from "../../../../server/model/index.ts";
import { type AnswerWriter, createAnswerWriter } from "../../../../server/querier/json/index.ts";

const noTail = { warnings: [], infos: [] };

function textOf(write: (writer: AnswerWriter) => void, writer = createAnswerWriter()): string {
  write(writer);
  const pieces = [...writer.takePieces(), ...writer.takeRest()];
  return new TextDecoder().decode(Buffer.concat(pieces));
}

test("a matrix, as Prometheus prints it", () => {
  const timesMs = new Float64Array([0, 1_700_000_000_000, 1_700_000_000_500, 9]);
  const values = new Float64Array([0, 1.5, Number.NaN, 9]);
  const text = textOf((writer) => {
    writer.begin("matrix");
    writer.series(["__name__", "up", 'a"', "b"], { timesMs, values, from: 1, to: 3 });
    writer.series([], { timesMs, values, from: 0, to: 1 });
    writer.series(["c", "d"], { timesMs, values, from: 1, to: 1 });
    writer.end({ warnings: ["w<"], infos: ["i", "j"] });
  });
  expect(text).toBe(
    '{"status":"success","data":{"resultType":"matrix","result":[' +
      '{"metric":{"__name__":"up","a\\"":"b"},"values":[[1700000000,"1.5"],' +
      '[1700000000.500,"NaN"]]},{"metric":{},"values":[[0,"0"]]},' +
      '{"metric":{"c":"d"},"values":[]}]},"warnings":["w\\u003c"],"infos":["i","j"]}',
  );
});

test("a vector with stats", () => {
  const text = textOf((writer) => {
    writer.begin("vector");
    writer.sample(["__name__", "up"], 1000, 1);
    writer.sample(["__name__", "up2"], 1001, -0);
    writer.end({ ...noTail, statsJson: '{"x":1}' });
  });
  expect(text).toBe(
    '{"status":"success","data":{"resultType":"vector","result":[' +
      '{"metric":{"__name__":"up"},"value":[1,"1"]},' +
      '{"metric":{"__name__":"up2"},"value":[1.001,"-0"]}],"stats":{"x":1}}}',
  );
});

test("an empty list, a scalar, a string", () => {
  const empty = textOf((writer) => {
    writer.begin("vector");
    writer.end(noTail);
  });
  expect(empty).toBe('{"status":"success","data":{"resultType":"vector","result":[]}}');
  const scalar = textOf((writer) => {
    writer.begin("scalar");
    writer.scalar(4000, 2);
    writer.end(noTail);
  });
  expect(scalar).toBe('{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}');
  const string = textOf((writer) => {
    writer.begin("string");
    writer.text(4500, "ä<");
    writer.end(noTail);
  });
  expect(string).toBe(
    '{"status":"success","data":{"resultType":"string","result":[4.5,"ä\\u003c"]}}',
  );
});

test("steps of a grid: only those that are present", () => {
  const values = Float64Array.from({ length: 40 }, (_, i) => i / 4);
  const text = textOf(
    (writer) => {
      writer.begin("matrix");
      writer.steps(["a", "b"], { values, present: new Uint32Array([0b101, 0b10]) });
      writer.steps([], { values, present: new Uint32Array(2) });
      writer.end(noTail);
    },
    createAnswerWriter({ startMs: 500, stepMs: 500, steps: 40 }),
  );
  expect(text).toBe(
    '{"status":"success","data":{"resultType":"matrix","result":[' +
      '{"metric":{"a":"b"},"values":[[0.500,"0"],[1.500,"0.5"],[17,"8.25"]]},' +
      '{"metric":{},"values":[]}]}}',
  );
});

test("long answers come in pieces that join to the whole, each with a buffer of its own", () => {
  const timesMs = Float64Array.from({ length: 10_000 }, (_, i) => i * 1000);
  const writer = createAnswerWriter();
  const pieces: Uint8Array[] = [];
  writer.begin("matrix");
  for (let i = 0; i < 20; i++) {
    const labels = ["n", `${"x".repeat(50_000)}${i}`];
    writer.series(labels, { timesMs, values: timesMs, from: 0, to: timesMs.length });
    pieces.push(...writer.takePieces());
  }
  expect(pieces.length).toBeGreaterThan(10);
  for (const piece of pieces) {
    expect(piece.length).toBeGreaterThanOrEqual(128 * 1024);
    expect(piece.length).toBeLessThan(512 * 1024);
    expect(piece.length).toBe(piece.buffer.byteLength);
  }
  writer.end(noTail);
  pieces.push(...writer.takeRest());
  const answer = JSON.parse(Buffer.concat(pieces).toString()) as {
    data: { result: { metric: { n: string }; values: [number, string][] }[] };
  };
  expect(answer.data.result.length).toBe(20);
  expect(answer.data.result[19]?.metric.n.endsWith("x19")).toBe(true);
  expect(answer.data.result[7]?.values[9999]).toEqual([9999, "9999000"]);
});

const exponential: FloatHistogram = {
  ...emptyHistogram,
  ...{ schema: 1, zeroThreshold: 0.75, zeroCount: 2, count: 9.5, sum: -1 },
  positive: { indices: [0, 2], counts: [3, 1] },
  negative: { indices: [0, 1], counts: [1.5, 2] },
};
const exponentialText =
  '{"count":"9.5","sum":"-1","buckets":[[1,"-1.414213562373095","-1","2"],' +
  '[1,"-1","-0.75","1.5"],[3,"-0.75","0.75","2"],[0,"0.75","1","3"],' +
  '[0,"1.414213562373095","2","1"]]}';
const custom: FloatHistogram = {
  ...emptyHistogram,
  ...{ schema: customSchema, count: 3, sum: Number.NaN, customBounds: [0.5, 10] },
  positive: { indices: [0, 1, 2], counts: [1, 1, 1] },
};
const customText =
  '{"count":"3","sum":"NaN","buckets":[[3,"-Inf","0.5","1"],[0,"0.5","10","1"],' +
  '[0,"10","+Inf","1"]]}';

test("native histograms in a vector; one without buckets has no list of them", () => {
  const text = textOf((writer) => {
    writer.begin("vector");
    writer.sample(["a", "b"], 1000, exponential);
    writer.sample([], 1500, custom);
    writer.sample([], 2000, emptyHistogram);
    writer.end(noTail);
  });
  expect(text).toBe(
    '{"status":"success","data":{"resultType":"vector","result":[' +
      `{"metric":{"a":"b"},"histogram":[1,${exponentialText}]},` +
      `{"metric":{},"histogram":[1.500,${customText}]},` +
      '{"metric":{},"histogram":[2,{"count":"0","sum":"0"}]}]}}',
  );
});

test("floats and native histograms of one series stand in lists of their own", () => {
  const timesMs = new Float64Array([0, 1000, 2000, 3000]);
  const values = new Float64Array([7, 0, 1.5, 0]);
  const histograms = [undefined, exponential, undefined, custom];
  const text = textOf(
    (writer) => {
      writer.begin("matrix");
      writer.series([], { timesMs, values, histograms, from: 1, to: 4 });
      writer.series([], { timesMs, values, histograms, from: 1, to: 2 });
      writer.steps([], { values, histograms, present: new Uint32Array([0b0111]) });
      writer.steps([], { values, histograms, present: new Uint32Array([0b1000]) });
      writer.end(noTail);
    },
    createAnswerWriter({ startMs: 0, stepMs: 1000, steps: 4 }),
  );
  expect(text).toBe(
    '{"status":"success","data":{"resultType":"matrix","result":[' +
      `{"metric":{},"values":[[2,"1.5"]],"histograms":[[1,${exponentialText}],[3,${customText}]]},` +
      `{"metric":{},"histograms":[[1,${exponentialText}]]},` +
      `{"metric":{},"values":[[0,"7"],[2,"1.5"]],"histograms":[[1,${exponentialText}]]},` +
      `{"metric":{},"histograms":[[3,${customText}]]}]}}`,
  );
});
