import { loadAll } from "js-yaml";
import { parseTenantId } from "../model/index.ts";
import { errorText } from "../platform/base/index.ts";
import { nearestName } from "../platform/config/index.ts";
import type { TenantOverrides } from "./limits.ts";
import { limitKeys, type TenantLimits } from "./tenant-limits.ts";

/** An overrides file that cannot be used; every problem is a sentence for people. */
export class OverridesError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.name = "OverridesError";
    this.problems = problems;
  }
}

/** More problems than anyone reads. */
const problemsMax = 20;

const properties: ReadonlyMap<string, keyof TenantLimits> = new Map(
  (Object.keys(limitKeys) as (keyof TenantLimits)[]).map((name) => [limitKeys[name].key, name]),
);

/**
 * Reads the text of an overrides file:
 *
 *     overrides:
 *       tenant-a: {ingestion_rate: 350000, out_of_order_time_window: 30m}
 *
 * Throws OverridesError with all problems, so that a file is taken as a whole or not at all.
 */
export function parseOverrides(text: string): Map<string, TenantOverrides> {
  const problems: string[] = [];
  const tenants = new Map<string, TenantOverrides>();
  for (const [tenant, entry] of Object.entries(overridesOf(text))) {
    const id = parseTenantId(tenant);
    if (typeof id !== "string") problems.push(`overrides.${tenant}: ${id.reason}`);
    else tenants.set(id, tenantOverrides(id, entry, problems));
    if (problems.length >= problemsMax) break;
  }
  if (problems.length > 0) throw new OverridesError(problems);
  return tenants;
}

function overridesOf(text: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    const documents: readonly unknown[] = loadAll(text);
    if (documents.length > 1) throw new Error("it holds more than one document");
    document = documents[0] ?? {};
  } catch (error) {
    throw new OverridesError([`the file is not valid YAML: ${errorText(error)}`]);
  }
  if (!isMapping(document)) throw new OverridesError(["the file is not a YAML mapping"]);
  const unknown = Object.keys(document).find((key) => key !== "overrides");
  if (unknown !== undefined) {
    throw new OverridesError([`${unknown} is not known here; the only section is overrides`]);
  }
  const overrides = document["overrides"] ?? {};
  if (!isMapping(overrides)) throw new OverridesError(["overrides is not a mapping of tenants"]);
  return overrides;
}

function tenantOverrides(tenant: string, entry: unknown, problems: string[]): TenantOverrides {
  const overrides: Partial<Record<keyof TenantLimits, number | boolean>> = {};
  if (entry === null) return {};
  if (!isMapping(entry)) {
    problems.push(`overrides.${tenant} is not a mapping of limits`);
    return {};
  }
  for (const [key, raw] of Object.entries(entry)) {
    const property = properties.get(key);
    if (property === undefined) {
      const near = nearestName(key, properties.keys());
      const hint = near === undefined ? "" : `; did you mean ${near}?`;
      problems.push(`overrides.${tenant}.${key} is not a limit${hint}`);
      continue;
    }
    const result = limitKeys[property].kind.schema.safeParse(raw);
    if (result.success) overrides[property] = result.data;
    else {
      const expected = result.error.issues[0]?.message ?? "it does not fit";
      problems.push(`overrides.${tenant}.${key} is ${JSON.stringify(raw)}: ${expected}`);
    }
  }
  return overrides as TenantOverrides;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
