import { afterEach } from "vitest";
import type {
  LabelValuesRequest,
  MetadataRequest,
  QueryInstantRequest,
  QueryRangeRequest,
  SeriesRequest,
} from "../../gen/urd/query/v1/query_pb.ts";
import type {
  CallContext,
  RawQueryService,
  ServiceHandlers,
} from "../../server/platform/rpc/index.ts";
import { type GatewayScene, type GatewaySceneOptions, openGatewayScene } from "./gateway-scene.ts";

const open: GatewayScene[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
});

/** Handlers that a test puts in place of the usual ones. */
export type Query = Partial<ServiceHandlers<typeof RawQueryService>>;

/** Requests that came to the query service. */
export interface Met {
  readonly instant: QueryInstantRequest[];
  readonly range: QueryRangeRequest[];
  readonly series: SeriesRequest[];
  readonly values: LabelValuesRequest[];
  readonly metadata: MetadataRequest[];
  readonly tenants: (string | undefined)[];
}

/** One piece of a JSON answer. */
export const piece = (
  text: string,
): { part: { part: { case: "prometheusJson"; value: Uint8Array } } } => ({
  part: { part: { case: "prometheusJson" as const, value: Buffer.from(text) } },
});

/** What the usual handler of instant queries answers. */
export const scalar = '{"status":"success","data":{"resultType":"scalar","result":[4,"2"]}}';

/** A gateway over a query service that answers as told, and what that service met. */
export async function scene(
  query: Query = {},
  options: GatewaySceneOptions = {},
): Promise<{ to: GatewayScene; met: Met }> {
  const met: Met = { instant: [], range: [], series: [], values: [], metadata: [], tenants: [] };
  const meet = <T>(list: T[], request: T, context: CallContext): void => {
    list.push(request);
    met.tenants.push(context.headers["x-scope-orgid"]);
  };
  const opened = await openGatewayScene({
    ...options,
    query: {
      async *queryInstant(request, context) {
        meet(met.instant, request, context);
        yield piece(scalar.slice(0, 30));
        yield piece(scalar.slice(30));
      },
      async *queryRange(request, context) {
        meet(met.range, request, context);
        yield piece('{"status":"success","data":{"resultType":"matrix","result":[]}}');
      },
      async *series(request, context) {
        meet(met.series, request, context);
        yield { symbols: ["__name__", "up", "job", 'a"b'], series: [{ labelRefs: [0, 1, 2, 3] }] };
        yield { symbols: ["c"], series: [{ labelRefs: [0, 1, 2, 4] }, { labelRefs: [] }] };
        yield { warnings: ["cut"] };
      },
      labelNames: () => ({ names: [], warnings: [] }),
      labelValues(request, context) {
        meet(met.values, request, context);
        return { values: ["a", "b\n"], warnings: ["cut"] };
      },
      metadata(request, context) {
        meet(met.metadata, request, context);
        return {
          metadata: [
            { metric: "10", type: "counter", help: "h", unit: "" },
            { metric: "9", type: "gauge", help: "x", unit: "bytes" },
            { metric: "9", type: "gauge", help: "y", unit: "" },
          ],
        };
      },
      ...query,
    },
  });
  open.push(opened);
  return { to: opened, met };
}

/** Headers of a form. */
export const form: Record<string, string> = { "Content-Type": "application/x-www-form-urlencoded" };
