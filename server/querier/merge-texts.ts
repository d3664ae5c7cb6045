import { compareUtf8 } from "../model/index.ts";
import type { LabelResult } from "../storage/index.ts";

/** Prometheus's text for a list that the caller's limit cut. */
export const truncatedWarning = "results truncated due to limit";

/** Joins lists that are sorted by UTF-8 bytes into one, unique, of at most `limit` (0: all). */
export function mergeSortedTexts(
  lists: readonly (readonly string[])[],
  limit: number,
): LabelResult {
  const all = lists.length === 1 ? (lists[0] ?? []) : [...new Set(lists.flat())].sort(compareUtf8);
  if (limit === 0 || all.length <= limit) return { values: all, warnings: [] };
  return { values: all.slice(0, limit), warnings: [truncatedWarning] };
}
