import {
  children,
  type Expr,
  parseExpr,
  type Position,
  printExpr,
  valueType,
} from "../../../server/promql/index.ts";
import type { Answer } from "./answers.ts";
import { changesSince35 } from "./changes.ts";

/** Both answers to a query, and how they differ, if they do. */
export interface Compared {
  readonly ours: Answer;
  readonly theirs: Answer;
  readonly text: string | undefined;
}

/** Asks both servers, at the times of the query that differs. */
export type Compare = (query: string) => Promise<Compared>;

const parseOptions = { experimentalFunctions: true, durationExpressions: true } as const;

/**
 * True when a known change explains a difference: that of the whole query, or of the parts it
 * comes from. Of remarks the changed ones explain only that remarks differ. Of two faulty
 * operations either server may name its own, if it names it for that part alone too.
 */
export async function isExplained(query: string, whole: Compared, ask: Compare): Promise<boolean> {
  const found = await smallestDifferences(parseExpr(query, parseOptions), whole, ask);
  const isOfRemarks = isAboutRemarks(whole);
  if (!isOfRemarks && namesEither(whole, found.parts)) return true;
  return found.differences.some(
    ({ expr, compared: { ours, theirs, text = "" } }) =>
      (isOfRemarks || !isAboutRemarks({ ours, theirs, text })) &&
      changesSince35.some((change) => change.explains({ expr, text, ours, theirs })),
  );
}

interface Part {
  readonly expr: Expr;
  readonly compared: Compared;
}

interface Found {
  /** Every part that can be asked on its own, the whole query last. */
  readonly parts: readonly Part[];
  /** Those that differ though nothing below them does. */
  readonly differences: readonly Part[];
}

async function smallestDifferences(root: Expr, whole: Compared, ask: Compare): Promise<Found> {
  const parts: Part[] = [];
  const differences: Part[] = [];
  const visit = async (expr: Expr): Promise<boolean> => {
    let differsBelow = false;
    for (const child of children(expr)) differsBelow = (await visit(child)) || differsBelow;
    if (!["scalar", "vector"].includes(valueType(expr)) || expr.kind === "paren") {
      return differsBelow;
    }
    const compared = expr === root ? whole : await ask(printExpr(expr));
    parts.push({ expr, compared });
    const differs = compared.text !== undefined;
    // Remarks of a part come again with the whole; what differs in its values is another matter.
    if (differs && (!differsBelow || !isAboutRemarks(compared))) {
      differences.push({ expr: withoutParens(expr), compared });
    }
    return differsBelow || differs;
  };
  await visit(root);
  if (valueType(root) === "matrix") differences.push({ expr: root, compared: whole });
  return { parts, differences };
}

function withoutParens(expr: Expr): Expr {
  if (expr.kind === "paren") return withoutParens(expr.expr);
  if (expr.kind !== "binary") return expr;
  return { ...expr, lhs: withoutParens(expr.lhs), rhs: withoutParens(expr.rhs) };
}

const isAboutRemarks = ({ text = "" }: Compared): boolean => /^(infos|warnings) /.test(text);

/** Two parts that do not overlap fail by themselves, and each server names the error of one. */
function namesEither(whole: Compared, parts: readonly Part[]): boolean {
  if (whole.ours.error === undefined || whole.theirs.error === undefined) return false;
  const named = (side: "ours" | "theirs"): readonly Position[] =>
    parts
      .filter(({ compared }) => compared[side].error === whole[side].error)
      .map(({ expr }) => expr.position);
  return named("ours").some((a) =>
    named("theirs").some((b) => a.end <= b.start || b.end <= a.start),
  );
}
