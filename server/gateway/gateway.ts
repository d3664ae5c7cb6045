import type { ByteBudget, Limits } from "../limits/index.ts";
import { urdError } from "../model/index.ts";
import type { Clock, Prng, UrdError } from "../platform/base/index.ts";
import type { BuildInfo, Logger, MetricRegistry } from "../platform/telemetry/index.ts";
import { serveActiveQueries, serveCancelQuery } from "./active-query-api.ts";
import { setCorsHeaders } from "./cors.ts";
import {
  answerEmpty,
  answerText,
  type Exchange,
  headerValues,
  type HttpRequest,
  type HttpResponse,
  openExchange,
} from "./exchange.ts";
import { serveExemplars } from "./exemplar-api.ts";
import {
  clientError,
  jsonError,
  plainText,
  retryAfterSeconds,
  wantsRetryAfter,
} from "./http-errors.ts";
import { serveLabelNames, serveLabelValues, serveMetadata, serveSeries } from "./label-api.ts";
import { createGatewayMetrics, type GatewayMetrics } from "./metrics.ts";
import { createFormBudget } from "./parameters.ts";
import { serveInstantQuery, serveRangeQuery } from "./query-api.ts";
import { openReadCall, type QueryClient, type ReadCall } from "./read-api.ts";
import {
  nothingWritten,
  serveRemoteWrite,
  setWrittenHeaders,
  type WriteTarget,
} from "./remote-write.ts";
import { discardBody } from "./request-body.ts";
import { findRoute, type Route } from "./routes.ts";
import { serveAlerts, serveRules, serveStatus, type StatusFacts } from "./status-api.ts";
import { serveFormatQuery, serveParseQuery } from "./syntax-api.ts";
import { type TenancyConfig, tenantOf } from "./tenants.ts";

/**
 * The life of an HTTP request:
 *   1. CORS headers; OPTIONS is answered, before anybody is asked who they are
 *   2. the route by the path as it came: 404, or 405 for another method
 *   3. the tenant by X-Scope-OrgID, on routes that have one
 *   4. translation into the calls that every client makes: a push, or a call of QueryService
 *   5. the answer, piped; errors by `http-errors.ts` alone
 * The gateway has no logic of its own: what it would have to know stands below it.
 */

/** A page that another part of the process serves, such as the one at `/`. */
export type Page = (request: HttpRequest, response: HttpResponse) => void;

/** What the process tells about itself. */
export interface ProcessHooks {
  /** Why the process is not ready, for people; undefined when it is. */
  notReady(): string | undefined;
  /** Metrics as text, with their content type. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
}

/** What a gateway works with. */
export interface GatewayOptions {
  readonly write: WriteTarget;
  readonly query: QueryClient;
  readonly limits: Limits;
  readonly tenancy: TenancyConfig;
  /** In front of `/api/v1/`, such as `/prometheus`; the bare path is served as well. */
  readonly prometheusPrefix: string;
  readonly build: BuildInfo;
  readonly hooks: ProcessHooks;
  /** Pages by their exact path. */
  readonly pages: ReadonlyMap<string, Page>;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly metrics: MetricRegistry;
  readonly logger: Logger;
}

/** Serves HTTP; listeners of Node's servers. Neither call throws. */
export interface Gateway {
  /** For `request` events. */
  handle(request: HttpRequest, response: HttpResponse): void;
  /** For `checkContinue` events: refusals go out before the body is sent. */
  handleExpectContinue(request: HttpRequest, response: HttpResponse): void;
}

interface Parts {
  readonly options: GatewayOptions;
  readonly formBudget: ByteBudget;
  readonly metrics: GatewayMetrics;
  readonly facts: StatusFacts;
}

/** A gateway; it holds nothing that needs an end. */
export function createGateway(options: GatewayOptions): Gateway {
  const parts: Parts = {
    options,
    formBudget: createFormBudget(),
    metrics: createGatewayMetrics(options.metrics, options.clock),
    facts: { build: options.build, clock: options.clock, startedMs: options.clock.nowMs() },
  };
  return {
    handle: (request, response) =>
      void serve(parts, openExchange(request, response, { expectsContinue: false })),
    handleExpectContinue: (request, response) =>
      void serve(parts, openExchange(request, response, { expectsContinue: true })),
  };
}

async function serve(parts: Parts, exchange: Exchange): Promise<void> {
  const { options } = parts;
  setCorsHeaders(exchange);
  const route = findRoute(exchange.path, {
    prometheusPrefix: options.prometheusPrefix,
    hasPage: (path) => options.pages.has(path),
  });
  const done = parts.metrics.begin(route?.name ?? "other", exchange);
  exchange.response.once("close", done);
  try {
    if (exchange.method === "OPTIONS") await answerPreflight(exchange, route);
    else if (route === undefined) await answerNotFound(exchange);
    else if (!(route.methods as readonly string[]).includes(exchange.method)) {
      await answerMethodNotAllowed(exchange, route);
    } else await serveRoute(parts, exchange, route);
  } catch (error) {
    await fail(parts, { exchange, route }, error).catch((fault: unknown) => {
      options.logger.error("an error could not be answered", { error: fault });
      exchange.response.destroy();
    });
  }
}

async function serveRoute(parts: Parts, exchange: Exchange, route: Route): Promise<void> {
  const { options } = parts;
  const { hooks } = options;
  const tenant = () => tenantOf(options.tenancy, headerValues(exchange.request, "x-scope-orgid"));
  switch (route.name) {
    case "write":
      setWrittenHeaders(exchange, nothingWritten);
      return serveRemoteWrite(options.write, exchange, tenant());
    case "status":
      return serveStatus(exchange, route.argument, parts.facts);
    case "ready": {
      const reason = hooks.notReady();
      const status = reason === undefined ? 200 : 503;
      return answerText(exchange, { status, type: textType, text: `${reason ?? "ready"}\n` });
    }
    case "healthy":
      return answerText(exchange, { status: 200, type: textType, text: "healthy\n" });
    case "metrics":
      return answerText(exchange, { status: 200, ...(await hooks.metrics()) });
    case "page":
      return options.pages.get(route.argument)?.(exchange.request, exchange.response);
    default: {
      exchange.response.setHeader("Cache-Control", "no-store");
      exchange.response.setHeader("Vary", "Accept-Encoding");
      const { query, limits } = options;
      const context = { query, limits, formBudget: parts.formBudget };
      return serveRead(await openReadCall(exchange, tenant(), context), route);
    }
  }
}

function serveRead(read: ReadCall, route: Route): Promise<void> {
  switch (route.name) {
    case "query":
      return serveInstantQuery(read);
    case "query_range":
      return serveRangeQuery(read);
    case "query_exemplars":
      return serveExemplars(read);
    case "format_query":
      return serveFormatQuery(read);
    case "parse_query":
      return serveParseQuery(read);
    case "series":
      return serveSeries(read);
    case "labels":
      return serveLabelNames(read);
    case "label_values":
      return serveLabelValues(read, route.argument);
    case "metadata":
      return serveMetadata(read);
    case "active_queries":
      return serveActiveQueries(read);
    case "cancel_query":
      return serveCancelQuery(read);
    case "rules":
      return serveRules(read);
    case "alerts":
      return serveAlerts(read);
    default:
      throw urdError("not-found", `The route ${route.name} is not part of the read API.`);
  }
}

const textType = "text/plain; charset=utf-8";

/** Answers an error in the form that the route's clients read, or cuts a begun answer short. */
async function fail(
  { options }: Parts,
  { exchange, route }: { exchange: Exchange; route: Route | undefined },
  thrown: unknown,
): Promise<void> {
  const { response, request } = exchange;
  const error: UrdError = clientError(thrown);
  if (exchange.signal.aborted || response.destroyed) return;
  if (error.id === "err-urd-internal") options.logger.error("a request failed", { error: thrown });
  if (response.headersSent) {
    response.destroy(error);
    return;
  }
  await discardBody(exchange);
  const isText = route?.name === "write" || route?.name === "metrics" || error.entry.http === 401;
  const answer = isText
    ? { status: error.entry.http, type: textType, text: `${plainText(error)}\n` }
    : { ...jsonError(error), type: "application/json" };
  if (wantsRetryAfter(answer.status)) {
    const [attempt] = headerValues(request, "retry-attempt");
    response.setHeader("Retry-After", retryAfterSeconds(error, attempt, options.prng));
  }
  answerText(exchange, answer);
}

async function answerPreflight(exchange: Exchange, route: Route | undefined): Promise<void> {
  await discardBody(exchange);
  if (route !== undefined) exchange.response.setHeader("Allow", allowed(route));
  answerEmpty(exchange, 204);
}

async function answerNotFound(exchange: Exchange): Promise<void> {
  await discardBody(exchange);
  answerText(exchange, { status: 404, type: textType, text: "404 page not found\n" });
}

async function answerMethodNotAllowed(exchange: Exchange, route: Route): Promise<void> {
  await discardBody(exchange);
  exchange.response.setHeader("Allow", allowed(route));
  answerText(exchange, { status: 405, type: textType, text: "Method Not Allowed\n" });
}

function allowed(route: Route): string {
  return [...route.methods, "OPTIONS"].sort().join(", ");
}
