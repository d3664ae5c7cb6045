import type { FloatHistogram, Labels } from "../../../server/model/index.ts";

/** A sample of a script. */
export interface ScriptSample {
  readonly timeMs: number;
  readonly value: number | "stale" | FloatHistogram;
  /** When the counter behind it began; 0: not known. */
  readonly startTimeMs: number;
}

/** Samples of one series, ascending in time. */
export interface ScriptSeries {
  readonly labels: Labels;
  readonly samples: readonly ScriptSample[];
}

/** A query of a script; `stepMs` 0 asks at `startMs` alone. */
export interface ScriptQuery {
  readonly query: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** A value at a time. */
export type Point = readonly [timeMs: number, value: number | FloatHistogram];

/** An answer, whole. */
export interface Answer {
  readonly type: "scalar" | "string" | "vector" | "matrix";
  readonly text: string | undefined;
  readonly series: readonly { readonly labels: Labels; readonly points: readonly Point[] }[];
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

/** What scripts run against. Rejects with the error whose message the user would see. */
export interface ScriptStore {
  /** Forgets all samples. */
  clear(): Promise<void>;
  /** Adds samples, to be seen by all later queries. */
  load(series: readonly ScriptSeries[]): Promise<void>;
  ask(query: ScriptQuery): Promise<Answer>;
}
