import type { Answer } from "./answers.ts";

/**
 * What Prometheus changed between 3.5, which is asked, and 3.14, which is followed: each with
 * what changed and the narrowest rule that matches. Nothing else may differ.
 */
export interface Change {
  /** What the later version does, in its changelog's words where it has some. */
  readonly changed: string;
  /** Whether this change explains a difference. */
  readonly explains: (found: FoundDifference) => boolean;
}

/** Two answers to one query that differ. */
export interface FoundDifference {
  readonly query: string;
  /** As `difference` says it. */
  readonly text: string;
  readonly ours: Answer;
  readonly theirs: Answer;
}

/** Both texts of a difference of errors. */
function errorsOf(difference: string): readonly [string, string] | undefined {
  const found = /^error: (.*)\n {2}instead of: (.*)$/.exec(difference);
  return found === null ? undefined : [found[1] ?? "", found[2] ?? ""];
}

/** Both lists of remarks of a difference. */
function remarksOf(
  difference: string,
): readonly [readonly string[], readonly string[]] | undefined {
  const found = /^(?:infos|warnings) (\[.*\]) instead of (\[.*\])$/.exec(difference);
  if (found === null) return undefined;
  return [JSON.parse(found[1] ?? ""), JSON.parse(found[2] ?? "")] as [string[], string[]];
}

/** True when the remarks are the same once `later` and `earlier` have made them alike. */
function sameRemarks(
  difference: string,
  [later, earlier]: readonly [(text: string) => string, (text: string) => string],
): boolean {
  const [ours, theirs] = remarksOf(difference) ?? [[], ["other"]];
  const a = new Set(ours.map(later));
  const b = new Set(theirs.map(earlier));
  return a.size === b.size && [...a].every((text) => b.has(text));
}

const sameGroup = "found duplicate series for the match group";

/** How many operations between vectors a query may have: a rough count is enough. */
function matchings(query: string): number {
  return query.match(/ (on|ignoring) \(|[-+*/%^<>=] |atan2/g)?.length ?? 0;
}

/** The values at each time, whichever series they belong to. */
function valuesByTime({ series }: Answer): string {
  const byTime = new Map<number, string[]>();
  for (const { times, texts } of series) {
    for (const [i, time] of times.entries()) {
      byTime.set(time, [...(byTime.get(time) ?? []), texts[i] as string]);
    }
  }
  const rows = [...byTime].map(([time, texts]) => `${time}: ${texts.sort().join(" ")}`);
  return rows.sort().join("\n");
}

/** All known changes. */
export const changesSince35: readonly Change[] = [
  {
    changed:
      "which pair of series a matching error names follows the order of the series, which is " +
      "chance in 3.5 wherever an operation has made them; 3.14 sorts the pair",
    explains: ({ text }) =>
      (errorsOf(text) ?? ["", ""]).every((error) => error.startsWith(sameGroup)),
  },
  {
    changed: "of two faulty operations either may be the one that is named",
    explains: ({ query, text }) => {
      const texts = errorsOf(text) ?? ["", ""];
      const isMatching = (error: string): boolean =>
        error.startsWith(sameGroup) || error.startsWith("multiple matches for labels");
      return texts.every(isMatching) && matchings(query) > 1;
    },
  },
  {
    changed: "which of equal samples is picked follows the order of the series as well",
    explains: ({ query, ours, theirs }) =>
      /topk|bottomk|limitk/.test(query) &&
      ours.error === undefined &&
      valuesByTime(ours) === valuesByTime(theirs),
  },
  {
    changed:
      "remarks on histograms name the metric only with delayed name removal, where it is known, " +
      "and tell which buckets fell",
    explains: ({ text }) =>
      sameRemarks(text, [
        (remark) => remark.replace(/, from buckets .* to \S+Z \(/, " ("),
        (remark) =>
          remark.replace(
            /(#histogram_quantile\)|malformed value of "[^"]*") for metric name ".*" \(/,
            "$1 (",
          ),
      ]),
  },
  {
    changed: "topk, bottomk and limitk refuse NaN as their parameter",
    explains: ({ query, text }) => {
      const [ours, theirs] = errorsOf(text) ?? ["", ""];
      const isNewText = theirs === "no error" || theirs === "Scalar value NaN overflows int64";
      return /topk|bottomk|limitk/.test(query) && ours === "Parameter value is NaN" && isNewText;
    },
  },
  {
    changed: "the parameter of an aggregation over what @ fixes was that of the first step",
    explains: ({ query }) => /(quantile|topk|bottomk|limitk|limit_ratio)\b.*@ /.test(query),
  },
  {
    changed: "histogram_fraction between bounds was NaN where a bucket's counts fell",
    explains: ({ query, text }) =>
      /histogram_fraction/.test(query) && text.endsWith("instead of NaN"),
  },
];
