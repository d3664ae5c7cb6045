import { type Annotations, createAnnotations } from "../annotations.ts";
import type { StepGrid } from "../plan/grid.ts";
import { holdAll, releaseAll } from "./held-series.ts";
import { type EvalContext, inBatches, type StepColumn, type StepStream } from "./stream.ts";

/** A part of the query that several places use and that is evaluated once. */
export interface SharedStream {
  /** The stream for one place; remarks go to the user's context, moved to where it stands. */
  at(startBytes: number, user: EvalContext): StepStream;
}

/** How a shared part is made. */
export interface SharedPart {
  readonly grid: StepGrid;
  /** How many places will use it. */
  readonly uses: number;
  /** Where the part stands of which the stream is built. */
  readonly startBytes: number;
  /** Builds the stream; it puts its remarks into the context given. */
  build(ctx: EvalContext): StepStream;
}

/** Evaluates a part when its first user asks, holds its columns until the last one has had them. */
export function shareStream(part: SharedPart, ctx: EvalContext): SharedStream {
  const annotations: Annotations = createAnnotations(ctx.annotations.order);
  const inner = part.build({ ...ctx, annotations });
  let filling: Promise<readonly StepColumn[]> | undefined;
  let usesLeft = part.uses;
  return {
    at: (startBytes, user) => ({
      metricName: inner.metricName,
      async *batches() {
        filling ??= holdAll(inner, part.grid.count, ctx);
        const held = await filling;
        user.annotations.addAll(annotations, startBytes - part.startBytes);
        yield* inBatches(held, Math.max(1, part.grid.count));
        usesLeft--;
        if (usesLeft === 0) releaseAll(held, part.grid.count, ctx);
      },
    }),
  };
}
