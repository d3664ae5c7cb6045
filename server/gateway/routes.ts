import { isStatus } from "./status-api.ts";

/** What serves a request. */
export type RouteName =
  | "write"
  | "query"
  | "query_range"
  | "query_exemplars"
  | "format_query"
  | "parse_query"
  | "series"
  | "labels"
  | "label_values"
  | "metadata"
  | "active_queries"
  | "cancel_query"
  | "rules"
  | "alerts"
  | "status"
  | "ready"
  | "healthy"
  | "metrics"
  | "page";

/** A request's way, found by its path alone. */
export interface Route {
  readonly name: RouteName;
  readonly methods: readonly ("GET" | "HEAD" | "POST")[];
  /** What stands in the path's variable part, as it came; empty when it has none. */
  readonly argument: string;
}

const get = ["GET"] as const;
const getOrHead = ["GET", "HEAD"] as const;
const getOrPost = ["GET", "POST"] as const;
const post = ["POST"] as const;

const apiRoutes: ReadonlyMap<string, Omit<Route, "argument">> = new Map([
  ["push", { name: "write", methods: post }],
  ["write", { name: "write", methods: post }],
  ["query", { name: "query", methods: getOrPost }],
  ["query_range", { name: "query_range", methods: getOrPost }],
  ["query_exemplars", { name: "query_exemplars", methods: getOrPost }],
  ["format_query", { name: "format_query", methods: getOrPost }],
  ["parse_query", { name: "parse_query", methods: getOrPost }],
  ["series", { name: "series", methods: getOrPost }],
  ["labels", { name: "labels", methods: getOrPost }],
  ["metadata", { name: "metadata", methods: get }],
  ["status/active_queries", { name: "active_queries", methods: get }],
  ["status/active_queries/cancel", { name: "cancel_query", methods: post }],
  ["rules", { name: "rules", methods: get }],
  ["alerts", { name: "alerts", methods: get }],
] as const);

const rootRoutes: ReadonlyMap<string, Omit<Route, "argument">> = new Map([
  ["/ready", { name: "ready", methods: getOrHead }],
  ["/-/ready", { name: "ready", methods: getOrHead }],
  ["/-/healthy", { name: "healthy", methods: getOrHead }],
  ["/metrics", { name: "metrics", methods: getOrHead }],
] as const);

/**
 * Finds the route of a path, which is taken as it came: what is percent-encoded in a segment
 * never makes another segment. The API stands under `/api/v1/` with and without the prefix.
 */
export function findRoute(
  path: string,
  options: { readonly prometheusPrefix: string; hasPage(path: string): boolean },
): Route | undefined {
  const root = rootRoutes.get(path);
  if (root !== undefined) return { ...root, argument: "" };
  if (options.hasPage(path)) return { name: "page", methods: getOrHead, argument: path };
  const api = apiPath(path, options.prometheusPrefix);
  if (api === undefined) return undefined;
  const plain = apiRoutes.get(api);
  if (plain !== undefined) return { ...plain, argument: "" };
  if (isStatus(api)) return { name: "status", methods: get, argument: api };
  const [first, second, third, ...rest] = api.split("/");
  if (rest.length > 0 || second === undefined) return undefined;
  if (first === "label" && third === "values") {
    return { name: "label_values", methods: get, argument: second };
  }
  return undefined;
}

const apiRoot = "/api/v1/";

function apiPath(path: string, prefix: string): string | undefined {
  if (path.startsWith(apiRoot)) return path.slice(apiRoot.length);
  const prefixed = `${prefix}${apiRoot}`;
  return path.startsWith(prefixed) ? path.slice(prefixed.length) : undefined;
}
