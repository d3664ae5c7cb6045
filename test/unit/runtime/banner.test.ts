import { expect, test } from "vitest";
import { banner, baseUrl } from "../../../server/runtime/banner.ts";

test("addresses are written as a client needs them", () => {
  expect(baseUrl("127.0.0.1", 9009)).toBe("http://127.0.0.1:9009");
  expect(baseUrl("0.0.0.0", 80)).toBe("http://localhost:80");
  expect(baseUrl("::1", 80)).toBe("http://[::1]:80");
});

test("the banner has three addresses and a snippet that is YAML", () => {
  const facts = { version: "1", address: "127.0.0.1", port: 9009, dataDir: "./data" };
  const text = banner({ ...facts, multitenancyEnabled: true });
  for (const path of ["/api/v1/push", "/prometheus", "/ready", "/metrics"]) {
    expect(text).toContain(`http://127.0.0.1:9009${path}`);
  }
  expect(text).toContain("    headers: {X-Scope-OrgID: my-tenant}\n");
  expect(banner({ ...facts, multitenancyEnabled: false })).not.toContain("X-Scope-OrgID");
});
