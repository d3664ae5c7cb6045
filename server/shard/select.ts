import type { PairCondition, ShardKernel, TenantIndex } from "../kernel/index.ts";
import { compileMatcher, type Matcher } from "../model/index.ts";
import type { LabelEntry, LabelIndex } from "./label-index.ts";
import type { Turn } from "./turn.ts";

/** Most refs that one call of the kernel's filter takes. */
const refsPerFilter = 4096;
/** Values tested between two looks at the clock. */
const valuesPerLook = 256;

/** What matchers are looked up in. */
export interface PairSource {
  readonly kernel: ShardKernel;
  readonly tenant: TenantIndex;
  /** The tenant's labels as strings; asked for only when a matcher does not name its values. */
  labels(): Promise<LabelIndex>;
}

/**
 * Matchers as conditions on pairs. A matcher that the empty value fulfils also selects series
 * without the label, so it becomes "has none of the other values". Undefined when nothing can
 * match.
 */
export async function pairConditions(
  source: PairSource,
  matchers: readonly Matcher[],
  turn: Turn,
): Promise<readonly PairCondition[] | undefined> {
  const conditions: PairCondition[] = [];
  for (const matcher of matchers) {
    const compiled = compileMatcher(matcher);
    const matchesEmpty = compiled.matches("");
    // The values that a positive matcher selects, or that a negative one shuts out.
    const isDirect = matchesEmpty === (matcher.type === "!=" || matcher.type === "!~");
    const pairIds =
      isDirect && compiled.literals !== undefined
        ? literalIds(source, matcher.name, compiled.literals)
        : await idsWhere(
            (await source.labels()).entry(matcher.name),
            (value) => compiled.matches(value) !== matchesEmpty,
            turn,
          );
    if (!matchesEmpty && pairIds.length === 0) return undefined;
    if (pairIds.length > 0) conditions.push({ pairIds, present: !matchesEmpty });
  }
  return conditions;
}

const utf8 = new TextEncoder();

/** Pairs of a name with some values. */
function literalIds(
  { kernel, tenant }: PairSource,
  name: string,
  values: readonly string[],
): Uint32Array {
  const nameBytes = utf8.encode(name);
  const ids = new Set(values.map((value) => kernel.pairId(tenant, nameBytes, utf8.encode(value))));
  ids.delete(0);
  return Uint32Array.from(ids).sort();
}

async function idsWhere(
  entry: LabelEntry | undefined,
  test: (value: string) => boolean,
  turn: Turn,
): Promise<Uint32Array> {
  if (entry === undefined) return new Uint32Array(0);
  const ids: number[] = [];
  for (let i = 0; i < entry.values.length; i++) {
    if (test(entry.values[i]!)) ids.push(entry.pairIds[i]!);
    if (i % valuesPerLook === 0 && turn.over) await turn.next();
  }
  return Uint32Array.from(ids).sort();
}

/**
 * Series that fulfil all conditions, ascending, in pieces of at most 4096: the rarest condition
 * gives the candidates, the others sift them.
 */
export async function* matchingRefs(
  kernel: ShardKernel,
  query: { readonly tenant: TenantIndex; readonly conditions: readonly PairCondition[] },
  turn: Turn,
): AsyncGenerator<Uint32Array> {
  const { tenant, conditions } = query;
  const rarest = rarestCondition(kernel, tenant, conditions);
  const rest = conditions.filter((condition) => condition !== rarest);
  const candidates =
    rarest === undefined
      ? kernel.postings(tenant, 0)
      : await unionOfPostings(kernel, { tenant, pairIds: rarest.pairIds }, turn);
  for (let from = 0; from < candidates.length; from += refsPerFilter) {
    const piece = candidates.subarray(from, from + refsPerFilter);
    const refs = rest.length === 0 ? piece : kernel.filter(piece, rest);
    if (refs.length > 0) yield refs;
    if (turn.over) await turn.next();
  }
}

function rarestCondition(
  kernel: ShardKernel,
  tenant: TenantIndex,
  conditions: readonly PairCondition[],
): PairCondition | undefined {
  const positive = conditions.filter((condition) => condition.present);
  if (positive.length < 2) return positive[0];
  let rarest: PairCondition | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const condition of positive.sort((a, b) => a.pairIds.length - b.pairIds.length)) {
    let count = 0;
    for (const id of condition.pairIds) {
      count += kernel.postingsCount(tenant, id);
      if (count >= fewest) break;
    }
    if (count < fewest) {
      fewest = count;
      rarest = condition;
    }
  }
  return rarest;
}

/** Series that have any of the pairs. Pairs of one name exclude each other: no series comes twice. */
async function unionOfPostings(
  kernel: ShardKernel,
  query: { readonly tenant: TenantIndex; readonly pairIds: Uint32Array },
  turn: Turn,
): Promise<Uint32Array> {
  const { tenant, pairIds } = query;
  if (pairIds.length === 1) return kernel.postings(tenant, pairIds[0]!);
  const lists: Uint32Array[] = [];
  let length = 0;
  for (const id of pairIds) {
    const list = kernel.postings(tenant, id);
    lists.push(list);
    length += list.length;
    if (turn.over) await turn.next();
  }
  const union = new Uint32Array(length);
  let at = 0;
  for (const list of lists) {
    union.set(list, at);
    at += list.length;
  }
  return union.sort();
}
