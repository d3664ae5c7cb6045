/**
 * Samples as growing columns. `words` aliases `values`: values are written as bits through it,
 * because a NaN that passes through a JavaScript number may lose its payload.
 */
export interface SampleColumns {
  /** Milliseconds since the Unix epoch, whole numbers. */
  timesMs: Float64Array;
  values: Float64Array;
  words: Uint32Array;
  /** Samples held; what lies behind has no meaning. */
  length: number;
}

/** Makes empty columns with room for `capacity` samples. */
export function makeColumns(capacity: number): SampleColumns {
  const values = new Float64Array(capacity);
  const words = new Uint32Array(values.buffer);
  return { timesMs: new Float64Array(capacity), values, words, length: 0 };
}

/**
 * Makes room for `count` samples more. Doubles at least, so appending stays linear; views of
 * the former arrays stay readable but are no longer these columns.
 */
export function reserveSamples(columns: SampleColumns, count: number): void {
  const needed = columns.length + count;
  if (needed <= columns.timesMs.length) return;
  const larger = makeColumns(Math.max(needed, 2 * columns.timesMs.length));
  larger.timesMs.set(columns.timesMs.subarray(0, columns.length));
  // Copied as words: copying doubles may change NaN payloads.
  larger.words.set(columns.words.subarray(0, 2 * columns.length));
  columns.timesMs = larger.timesMs;
  columns.values = larger.values;
  columns.words = larger.words;
}
