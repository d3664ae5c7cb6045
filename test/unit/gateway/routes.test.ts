import { expect, test } from "vitest";
import { findRoute } from "../../../server/gateway/routes.ts";

const find = (path: string) =>
  findRoute(path, { prometheusPrefix: "/prometheus", hasPage: (page) => page === "/" });

test.each([
  ["/", "page"],
  ["/ready", "ready"],
  ["/-/healthy", "healthy"],
  ["/api/v1/push", "write"],
  ["/prometheus/api/v1/query", "query"],
  ["/api/v1/label/a/values", "label_values"],
  ["/prometheus/api/v1/status/flags", "status"],
])("%s is %s", (path, name) => {
  expect(find(path)?.name).toBe(name);
});

test.each([
  "/api/v1",
  "/api/v1/",
  "/api/v1/query/",
  "/api/v1/constructor",
  "/other/api/v1/query",
  "/prometheus",
  "/prometheusapi/v1/query",
  "/api/v1/label/a",
  "/api/v1/label/a/b/values",
  "/api/v1/status/tenants",
  "/api/v1/../metrics",
  "//api/v1/query",
])("%s is nothing", (path) => {
  expect(find(path)).toBeUndefined();
});

test("a segment stays as it came: an encoded slash makes no segment", () => {
  expect(find("/api/v1/label/a%2Fb/values")?.argument).toBe("a%2Fb");
});
