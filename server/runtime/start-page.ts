import type { Page } from "../gateway/index.ts";

/** The page at `/`: what runs here and where to go, for whoever opens the port in a browser. */
export function startPage(version: string): Page {
  const html = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Urd</title>
<h1>Urd ${version}</h1>
<p>Long-term storage for Prometheus metrics.</p>
<ul>
<li><a href="/ready">/ready</a>: does everything serve?</li>
<li><a href="/metrics">/metrics</a>: Urd's own metrics</li>
<li><a href="/prometheus/api/v1/query?query=urd_build_info">/prometheus/api/v1/…</a>:
  Prometheus's HTTP API; <code>/prometheus</code> is the URL of a Grafana data source</li>
<li><code>/api/v1/push</code>: remote write</li>
</ul>
</html>
`;
  const body = Buffer.from(html, "utf8");
  return (request, response) => {
    response.statusCode = 200;
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.setHeader("Content-Length", body.length);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Content-Security-Policy", "default-src 'none'");
    response.end(request.method === "HEAD" ? undefined : body);
  };
}
