/**
 * The public services for clients that speak JSON: what passes as bytes otherwise is made
 * from and into messages here, as JSON shows every field.
 */
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type Request as WriteBatch,
  RequestSchema,
} from "../../gen/io/prometheus/write/v2/types_pb.ts";
import type { PushService } from "../../gen/urd/push/v1/push_pb.ts";
import {
  ColumnsFrameSchema,
  type QueryPart,
  QueryPartSchema,
  type QueryService,
} from "../../gen/urd/query/v1/query_pb.ts";
import {
  type RawPushService,
  RawQueryPartSchema,
  type RawQueryService,
  RawWriteRequestSchema,
  RawWriteStreamRequestSchema,
  type ServiceHandlers,
} from "../platform/rpc/index.ts";

/** PushService over handlers that take bytes. */
export function typedPush(
  push: ServiceHandlers<typeof RawPushService>,
): ServiceHandlers<typeof PushService> {
  return {
    write: (request, context) =>
      push.write(create(RawWriteRequestSchema, bytesOf(request)), context),
    writeStream(requests, context) {
      const raw = mapEach(requests, ({ batchId, request }) =>
        create(RawWriteStreamRequestSchema, { batchId, ...bytesOf({ request }) }),
      );
      return push.writeStream(raw, context);
    },
  };
}

/** QueryService over handlers that answer with bytes. */
export function typedQuery(
  query: ServiceHandlers<typeof RawQueryService>,
): ServiceHandlers<typeof QueryService> {
  return {
    queryInstant: (request, context) =>
      mapEach(query.queryInstant(request, context), ({ part }) => typedPart(part)),
    queryRange: (request, context) =>
      mapEach(query.queryRange(request, context), ({ part }) => typedPart(part)),
    series: (request, context) => query.series(request, context),
    labelNames: (request, context) => query.labelNames(request, context),
    labelValues: (request, context) => query.labelValues(request, context),
    metadata: (request, context) => query.metadata(request, context),
    exemplars: (request, context) => query.exemplars(request, context),
    explain: (request, context) => query.explain(request, context),
    listQueries: (request, context) => query.listQueries(request, context),
    cancelQuery: (request, context) => query.cancelQuery(request, context),
  };
}

function bytesOf({ request }: { readonly request?: WriteBatch | undefined }): {
  request?: Uint8Array;
} {
  return request === undefined ? {} : { request: toBinary(RequestSchema, request) };
}

function typedPart(init: MessageInitShape<typeof RawQueryPartSchema> | undefined): {
  part: QueryPart;
} {
  const { part } = create(RawQueryPartSchema, init);
  if (part.case !== "frame") return { part: create(QueryPartSchema, { part }) };
  const frame = fromBinary(ColumnsFrameSchema, part.value);
  return { part: create(QueryPartSchema, { part: { case: "frame", value: frame } }) };
}

async function* mapEach<T, U>(source: AsyncIterable<T>, map: (item: T) => U): AsyncGenerator<U> {
  for await (const item of source) yield map(item);
}
