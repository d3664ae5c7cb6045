import * as z from "zod";

/**
 * What values an option takes: how they are read from YAML or from a flag's text, and how
 * they are written in help, reference and `config print`. Reading what was written gives the
 * same value.
 */
export interface ValueKind<T> {
  /** Reads a YAML value or a flag's text; its messages complete "is … , expected". */
  readonly schema: z.ZodType<T>;
  write(value: T): string | number | boolean | readonly string[];
  /** What help shows behind the flag: `<duration>`. */
  readonly placeholder: string;
}

const numberText = /^-?\d+(\.\d+)?$/;

function numeric(expected: string): z.ZodType<number> {
  return z.union([z.number(), z.string().regex(numberText).transform(Number)], {
    error: `expected ${expected}`,
  });
}

/** Bounds of a number, included. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function boundsText({ min, max }: Bounds): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? "" : ` of at most ${max}`;
}

function within(bounds: Bounds, value: number): boolean {
  return value >= (bounds.min ?? -Infinity) && value <= (bounds.max ?? Infinity);
}

/** A whole number. */
export function integer(bounds: Bounds = {}): ValueKind<number> {
  const expected = `a whole number${boundsText(bounds)}`;
  return {
    schema: numeric(expected).refine(
      (value) => Number.isSafeInteger(value) && within(bounds, value),
      { error: `expected ${expected}` },
    ),
    write: (value) => value,
    placeholder: "<int>",
  };
}

/** A number with fractions. */
export function decimal(bounds: Bounds = {}): ValueKind<number> {
  const expected = `a number${boundsText(bounds)}`;
  return {
    schema: numeric(expected).refine((value) => within(bounds, value), {
      error: `expected ${expected}`,
    }),
    write: (value) => value,
    placeholder: "<float>",
  };
}

/** `true` or `false`; a flag without a value is true. */
export const truth: ValueKind<boolean> = {
  schema: z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
    error: "expected true or false",
  }),
  write: (value) => value,
  placeholder: "<bool>",
};

/** Any text; numbers and truth values of YAML are taken as they were written. */
export const text: ValueKind<string> = {
  schema: z.union([z.string(), z.number().transform(String), z.boolean().transform(String)], {
    error: "expected a text",
  }),
  write: (value) => value,
  placeholder: "<string>",
};

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly [W, ...W[]]): ValueKind<W> {
  return {
    schema: z.enum(words, { error: `expected one of ${words.join(", ")}` }) as z.ZodType<W>,
    write: (value) => value,
    placeholder: words.join("|"),
  };
}

/** Some of a few words; a list in YAML, commas in a flag. */
export function someOf<const W extends string>(
  words: readonly [W, ...W[]],
): ValueKind<readonly W[]> {
  const word = z.enum(words, { error: `expected some of ${words.join(", ")}` });
  const split = z.string().transform((list) => list.split(",").map((item) => item.trim()));
  return {
    schema: z
      .union([z.array(z.string()), split], { error: "expected a list" })
      .pipe(
        z.array(word).nonempty({ error: `expected some of ${words.join(", ")}` }),
      ) as unknown as z.ZodType<readonly W[]>,
    write: (value) => value.join(","),
    placeholder: "<list>",
  };
}

const durationUnitsMs = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const durationText = /^(\d+(?:\.\d+)?(?:ms|[smhdw]))+$/;
const durationPart = /(\d+(?:\.\d+)?)(ms|[smhdw])/g;

/** Milliseconds of texts such as 90s, 1h30m or 1.5h; undefined when it is not one. */
export function parseDurationMs(source: string): number | undefined {
  if (source === "0") return 0;
  if (!durationText.test(source)) return undefined;
  let totalMs = 0;
  for (const [, count, unit] of source.matchAll(durationPart)) {
    totalMs += Number(count) * durationUnitsMs[unit as keyof typeof durationUnitsMs];
  }
  return Math.round(totalMs);
}

/** The shortest text in one unit that `parseDurationMs` reads back. */
export function formatDurationMs(durationMs: number): string {
  if (durationMs === 0) return "0s";
  const unit = (["d", "h", "m", "s"] as const).find((u) => durationMs % durationUnitsMs[u] === 0);
  return unit === undefined ? `${durationMs}ms` : `${durationMs / durationUnitsMs[unit]}${unit}`;
}

/** A length of time; the value is in milliseconds. */
export function duration(bounds: Bounds = {}): ValueKind<number> {
  const minText = bounds.min === undefined ? "" : ` of at least ${formatDurationMs(bounds.min)}`;
  const error = `expected a duration such as 30s or 2h${minText}`;
  return {
    schema: z
      .union([z.string(), z.literal(0).transform(() => "0")], { error })
      .transform((source) => parseDurationMs(source) ?? Number.NaN)
      .refine((value) => within(bounds, value), { error }),
    write: formatDurationMs,
    placeholder: "<duration>",
  };
}

const sizeUnits = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const sizeText = /^(\d+(?:\.\d+)?) ?(|B|[KMGT]B|[KMGT]iB)$/;

/** Bytes of texts such as 1048576, 100MiB or 1.5GB; undefined when it is not one. */
export function parseSizeBytes(source: string): number | undefined {
  const match = sizeText.exec(source);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits]);
}

/** The shortest text in one binary unit that `parseSizeBytes` reads back. */
export function formatSizeBytes(sizeBytes: number): string {
  if (sizeBytes === 0) return "0";
  const unit = (["TiB", "GiB", "MiB", "KiB"] as const).find((u) => sizeBytes % sizeUnits[u] === 0);
  return unit === undefined ? String(sizeBytes) : `${sizeBytes / sizeUnits[unit]}${unit}`;
}

/** An amount of memory or disk; the value is in bytes. */
export function size(bounds: Bounds = {}): ValueKind<number> {
  const minText = bounds.min === undefined ? "" : ` of at least ${formatSizeBytes(bounds.min)}`;
  const error = `expected a size such as 100MiB${minText}`;
  return {
    schema: z
      .union([z.string(), z.number().transform(String)], { error })
      .transform((source) => parseSizeBytes(source) ?? Number.NaN)
      .refine((value) => within(bounds, value), { error }),
    write: formatSizeBytes,
    placeholder: "<size>",
  };
}
