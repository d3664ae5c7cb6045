import type { Binary, BinaryOp, Expr, VectorMatching } from "./ast.ts";
import { isNumberAhead, readNumber } from "./parse-duration.ts";
import { parseGrouping } from "./parse-labels.ts";
import type { Parsing } from "./parsing.ts";
import { operandStarts, type TokenKind } from "./token.ts";

/** How strongly operators bind, weakest first. */
const levels: readonly (readonly TokenKind[])[] = [
  ["word:or"],
  ["word:and", "word:unless"],
  ["==", ">=", ">", "<", "<=", "!=", "</", ">/"],
  ["+", "-"],
  ["*", "/", "%", "word:atan2"],
  ["^"],
];
const strengths: ReadonlyMap<TokenKind, number> = new Map(
  levels.flatMap((kinds, strength) => kinds.map((kind): [TokenKind, number] => [kind, strength])),
);
const powerStrength = levels.length - 1;

/** Least strength of operators that bind closer than a sign: `-a ^ b` is `-(a ^ b)`. */
export const signStrength: number = powerStrength;

/** How strongly an operator binds; undefined for what is no operator. */
export function operatorStrength(kind: TokenKind): number | undefined {
  return strengths.get(kind);
}

/** Parses the operator ahead, its modifiers, and its right side with `parseOperation`. */
export function parseBinary(
  p: Parsing,
  lhs: Expr,
  parseOperation: (p: Parsing, strengthMin: number) => Expr,
): Binary {
  const below = p.height;
  const op = p.take();
  const strength = operatorStrength(op.kind) ?? 0;
  const returnBool = p.accept("word:bool") !== undefined;
  const matching = parseMatching(p);
  const rhs = parseOperation(p, strength === powerStrength ? strength : strength + 1);
  p.grow(Math.max(below, p.height));
  const filled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (filled && !p.options.fillModifiers) {
    p.fail(lhs.position, "binop fill modifiers are experimental and not enabled");
  }
  return {
    kind: "binary",
    op: op.kind.replace("word:", "") as BinaryOp,
    lhs,
    rhs,
    matching,
    returnBool,
    position: { start: lhs.position.start, end: rhs.position.end },
  };
}

function parseMatching(p: Parsing): VectorMatching {
  const clause = p.accept("word:on") ?? p.accept("word:ignoring");
  const labels = clause === undefined ? [] : parseGrouping(p).labels;
  const group = clause && (p.accept("word:group_left") ?? p.accept("word:group_right"));
  const include = group === undefined ? [] : parseInclude(p);
  return {
    card: cardOf(group?.kind),
    labels,
    on: clause?.kind === "word:on",
    include,
    ...parseFills(p),
  };
}

/** Labels of group_left and group_right, which may be left out where an operand follows. */
function parseInclude(p: Parsing): readonly string[] {
  return operandStarts.has(p.kind()) && p.kind() !== "(" ? [] : parseGrouping(p).labels;
}

function cardOf(kind: TokenKind | undefined): VectorMatching["card"] {
  if (kind === "word:group_left") return "many-to-one";
  return kind === "word:group_right" ? "one-to-many" : "one-to-one";
}

function parseFills(p: Parsing): Pick<VectorMatching, "fillLeft" | "fillRight"> {
  if (p.accept("word:fill")) {
    const both = parseFillValue(p);
    return { fillLeft: both, fillRight: both };
  }
  let fillLeft = p.accept("word:fill_left") && parseFillValue(p);
  const fillRight = p.accept("word:fill_right") && parseFillValue(p);
  if (fillRight !== undefined && fillLeft === undefined) {
    fillLeft = p.accept("word:fill_left") && parseFillValue(p);
  }
  return { fillLeft, fillRight };
}

/** Parses `(-1)`. */
function parseFillValue(p: Parsing): number {
  p.expect("(");
  const sign = p.accept("-") ?? p.accept("+");
  if (!isNumberAhead(p)) p.unexpected();
  const { value } = readNumber(p, p.take());
  p.expect(")");
  return sign?.kind === "-" ? -value : value;
}
