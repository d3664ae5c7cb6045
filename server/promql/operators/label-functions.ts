import { RE2JS } from "re2js";
import { type Labels, labelValue, metricNameLabel } from "../../model/index.ts";
import { quoteString } from "../parser/go-text.ts";
import type { StepGrid } from "../plan/grid.ts";
import { executionError } from "../query-error.ts";
import { mergeEqualLabels } from "./held-series.ts";
import { withLabels } from "./label-sets.ts";
import { type EvalContext, type StepStream } from "./stream.ts";

/** Arguments of label_replace after the vector, in the order of the call. */
export interface ReplaceCall {
  readonly target: string;
  /** Text with `$1`, `$name`, `${name}` for what the pattern's groups matched. */
  readonly replacement: string;
  readonly source: string;
  /** RE2, matched against the whole value. */
  readonly pattern: string;
}

/** Arguments of label_join after the vector. */
export interface JoinCall {
  readonly target: string;
  readonly separator: string;
  readonly sources: readonly string[];
}

/** Sets a label from another one's value, in the series whose value the pattern matches. */
export function labelReplace(
  input: StepStream,
  call: ReplaceCall,
  { grid, ctx }: { readonly grid: StepGrid; readonly ctx: EvalContext },
): StepStream {
  const pattern = compile(call.pattern);
  checkLabelName(call.target, "invalid destination label name in label_replace()");
  const replaced = new Map<string, string | undefined>();
  const replace = (value: string): string | undefined => {
    if (replaced.has(value)) return replaced.get(value);
    const matcher = pattern.matcher(value);
    const result = matcher.matches()
      ? expand(call.replacement, (group) => groupText(matcher, pattern, group))
      : undefined;
    if (replaced.size < valuesCachedMax) replaced.set(value, result);
    return result;
  };
  const relabel = (labels: Labels): Labels | undefined => {
    const value = replace(labelValue(labels, call.source));
    return value === undefined ? undefined : withLabels(labels, [[call.target, value]]);
  };
  return relabelled(input, { relabel, target: call.target }, { grid, ctx });
}

/** Sets a label to the values of others, joined. */
export function labelJoin(
  input: StepStream,
  call: JoinCall,
  { grid, ctx }: { readonly grid: StepGrid; readonly ctx: EvalContext },
): StepStream {
  for (const source of call.sources) {
    checkLabelName(source, "invalid source label name in label_join()");
  }
  checkLabelName(call.target, "invalid destination label name in label_join()");
  const relabel = (labels: Labels): Labels => {
    const values = call.sources.map((source) => labelValue(labels, source));
    return withLabels(labels, [[call.target, values.join(call.separator)]]);
  };
  return relabelled(input, { relabel, target: call.target }, { grid, ctx });
}

/** Distinct values whose replacement is remembered. */
const valuesCachedMax = 10_000;

interface Relabelling {
  /** New labels, or undefined where nothing changes. */
  relabel(labels: Labels): Labels | undefined;
  readonly target: string;
}

/** A stream with other labels; equal ones that this makes are joined. */
function relabelled(
  input: StepStream,
  { relabel, target }: Relabelling,
  { grid, ctx }: { readonly grid: StepGrid; readonly ctx: EvalContext },
): StepStream {
  const setsName = target === metricNameLabel;
  const changed: StepStream = {
    metricName: setsName ? undefined : input.metricName,
    async *batches() {
      for await (const { series } of input.batches()) {
        yield {
          series: series.map((one) => {
            const labels = relabel(one.labels);
            if (labels === undefined) return one;
            return { ...one, labels, dropName: one.dropName && !setsName };
          }),
        };
      }
    },
  };
  return mergeEqualLabels(changed, { count: grid.count, unique: false }, ctx);
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${pattern})$`);
  } catch {
    throw executionError(`invalid regular expression in label_replace(): ${pattern}`);
  }
}

function checkLabelName(name: string, fault: string): void {
  if (name !== "" && name.isWellFormed()) return;
  throw executionError(`${fault}: ${quoteString(name).slice(1, -1)}`);
}

function groupText(matcher: ReturnType<RE2JS["matcher"]>, pattern: RE2JS, group: string): string {
  if (/^\d+$/.test(group)) {
    const index = Number(group);
    return index <= pattern.groupCount() ? (matcher.group(index) ?? "") : "";
  }
  return group in pattern.namedGroups() ? (matcher.group(group) ?? "") : "";
}

/** Fills a template as Go's Regexp.Expand: names are as long as they can be, `$$` is a dollar. */
function expand(template: string, group: (name: string) => string): string {
  return template.replace(
    /\$(?:(\$)|\{([\p{L}\p{N}_]+)\}|([\p{L}\p{N}_]+))/gu,
    (_whole, dollar: string | undefined, braced: string | undefined, bare: string | undefined) =>
      dollar ?? group(braced ?? bare ?? ""),
  );
}
