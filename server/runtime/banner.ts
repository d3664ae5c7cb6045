/** What a new user needs to know of a process that serves. */
export interface BannerFacts {
  readonly version: string;
  /** Address as listened on. */
  readonly address: string;
  readonly port: number;
  readonly dataDir: string;
  readonly multitenancyEnabled: boolean;
}

/** The text that a start ends with: three addresses, and what to paste into prometheus.yml. */
export function banner(facts: BannerFacts): string {
  const base = baseUrl(facts.address, facts.port);
  const header = facts.multitenancyEnabled ? "\n    headers: {X-Scope-OrgID: my-tenant}" : "";
  return `Urd ${facts.version} is ready; its data is in ${facts.dataDir}. Ctrl-C stops it.

  Prometheus remote write   ${base}/api/v1/push
  Grafana data source       ${base}/prometheus   (type Prometheus)
  Readiness, own metrics    ${base}/ready   ${base}/metrics

Paste into prometheus.yml:

remote_write:
  - url: ${base}/api/v1/push${header}

`;
}

/** URL of a listener as a client on the same machine would write it. */
export function baseUrl(address: string, port: number): string {
  const isAny = address === "" || address === "0.0.0.0" || address === "::";
  const host = isAny ? "localhost" : address;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
