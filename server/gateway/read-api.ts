import type { ByteBudget, Limits, TenantLimits } from "../limits/index.ts";
import { type TenantId, urdError } from "../model/index.ts";
import type { CallOptions, RawQueryService, ServiceClient } from "../platform/rpc/index.ts";
import type { Exchange } from "./exchange.ts";
import { type Parameters, readParameters } from "./parameters.ts";
import { parseDurationMs, parseTimeMs } from "./time-format.ts";

/** What the gateway needs of the query service. */
export type QueryClient = ServiceClient<typeof RawQueryService>;

/** One request of the read API with its parameters. */
export interface ReadCall {
  readonly exchange: Exchange;
  readonly parameters: Parameters;
  readonly query: QueryClient;
  /** Tenant and cancellation for calls of the query service. */
  readonly call: CallOptions;
  /** What the tenant's queries may be like. */
  readonly limits: TenantLimits;
}

/** Reads the parameters of a request and readies its calls. */
export async function openReadCall(
  exchange: Exchange,
  tenant: TenantId,
  context: {
    readonly query: QueryClient;
    readonly formBudget: ByteBudget;
    readonly limits: Limits;
  },
): Promise<ReadCall> {
  return {
    exchange,
    parameters: await readParameters(exchange, context.formBudget),
    query: context.query,
    call: { signal: exchange.signal, headers: { "x-scope-orgid": tenant } },
    limits: context.limits.limitsFor(tenant),
  };
}

/** A parameter that cannot be used, in Prometheus's words. */
export function badParameter(name: string, why: string): Error {
  return urdError("request-invalid", `invalid parameter ${JSON.stringify(name)}: ${why}`);
}

/** A time that must be there, ms. */
export function timeParameter(parameters: Parameters, name: string): bigint {
  const text = parameters.first(name);
  const timeMs = parseTimeMs(text);
  if (timeMs !== undefined) return BigInt(timeMs);
  throw badParameter(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
}

/** A time that may be left out, ms; its error says the name twice, as Prometheus does. */
export function optionalTimeParameter(parameters: Parameters, name: string): bigint | undefined {
  const text = parameters.first(name);
  if (text === "") return undefined;
  const timeMs = parseTimeMs(text);
  if (timeMs !== undefined) return BigInt(timeMs);
  const why = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
  throw badParameter(name, `invalid time value for '${name}': ${why}`);
}

/** The time range of the label calls; an end that is left out stays open. */
export function optionalRange(parameters: Parameters): { startMs?: bigint; endMs?: bigint } {
  const startMs = optionalTimeParameter(parameters, "start");
  const endMs = optionalTimeParameter(parameters, "end");
  return {
    ...(startMs === undefined ? {} : { startMs }),
    ...(endMs === undefined ? {} : { endMs }),
  };
}

/** A duration, ms; throws with the parse error as it is, or as `wrap` words it. */
export function durationParameter(
  parameters: Parameters,
  name: string,
  wrap: (why: string) => Error = (why) => badParameter(name, why),
): number {
  const found = parseDurationMs(parameters.first(name));
  if (typeof found === "string") throw wrap(found);
  return found;
}

const integer = /^[+-]?\d+$/;

/** The limit of items in the answer; 0 for none. */
export function limitParameter(parameters: Parameters): bigint {
  const text = parameters.first("limit");
  if (text === "") return 0n;
  const quoted = JSON.stringify(text);
  if (!integer.test(text)) {
    throw badParameter("limit", `strconv.Atoi: parsing ${quoted}: invalid syntax`);
  }
  const limit = BigInt(text.replace("+", ""));
  if (limit > 2n ** 63n - 1n || limit < -(2n ** 63n)) {
    throw badParameter("limit", `strconv.Atoi: parsing ${quoted}: value out of range`);
  }
  if (limit < 0n) throw badParameter("limit", "limit must be non-negative");
  return limit;
}
