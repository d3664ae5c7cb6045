import type { Exchange } from "./exchange.ts";

const allowedHeaders =
  "Accept, Authorization, Content-Encoding, Content-Type, Origin, X-Scope-OrgID";
const exposedHeaders = [
  "Date",
  "Retry-After",
  "X-Prometheus-Remote-Write-Samples-Written",
  "X-Prometheus-Remote-Write-Histograms-Written",
  "X-Prometheus-Remote-Write-Exemplars-Written",
].join(", ");

/**
 * Lets pages of other origins read the answer, errors too. Browsers only look when they sent
 * an Origin. Credentials are never allowed, so a page can do no more than its user could by
 * hand without them.
 */
export function setCorsHeaders({ request, response }: Exchange): void {
  if (request.headers["origin"] === undefined) return;
  response.setHeader("Access-Control-Allow-Origin", "*");
  response.setHeader("Access-Control-Allow-Headers", allowedHeaders);
  response.setHeader("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  response.setHeader("Access-Control-Expose-Headers", exposedHeaders);
}
