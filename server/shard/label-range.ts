import type { PairId, ShardKernel, TenantIndex } from "../kernel/index.ts";
import type { LabelIndex } from "./label-index.ts";
import type { Turn } from "./turn.ts";

/** Series of one tenant that are looked at for samples in a closed range. */
export interface RangeLook {
  readonly kernel: ShardKernel;
  readonly tenant: TenantIndex;
  readonly startMs: number;
  readonly endMs: number;
  readonly turn: Turn;
  readonly signal: AbortSignal | undefined;
}

/**
 * Names that occur in a series with a chunk that touches the range. Each name costs its first
 * such series: what is still being written is found at once.
 */
export async function namesInRange(look: RangeLook, index: LabelIndex): Promise<string[]> {
  const found: string[] = [];
  for (const name of index.names()) {
    for (const id of index.entry(name)?.pairIds ?? []) {
      if (!(await occurs(look, id))) continue;
      found.push(name);
      break;
    }
  }
  return found;
}

/** Values of a name that occur in a series with a chunk that touches the range. */
export async function valuesInRange(
  look: RangeLook,
  index: LabelIndex,
  name: string,
): Promise<string[]> {
  const entry = index.entry(name);
  const found: string[] = [];
  for (const [i, id] of (entry?.pairIds ?? []).entries()) {
    const value = entry?.values[i];
    if (value !== undefined && (await occurs(look, id))) found.push(value);
  }
  return found;
}

/** Few at first, most pairs have a live series among them; more then, to be done soon. */
const seriesPerReadFirst = 4;
const seriesPerReadMax = 128;

/** True when a series with the pair has a chunk that touches the range. */
async function occurs(look: RangeLook, pair: PairId): Promise<boolean> {
  const { kernel, tenant, startMs, endMs, turn, signal } = look;
  const refs = kernel.postings(tenant, pair);
  let size = seriesPerReadFirst;
  for (let from = 0; from < refs.length; ) {
    const some = refs.subarray(from, from + size);
    if (kernel.read(some, startMs, endMs).length > 0) return true;
    from += size;
    size = Math.min(size * 2, seriesPerReadMax);
    if (!turn.over) continue;
    await turn.next();
    signal?.throwIfAborted();
  }
  return false;
}
