import { create, fromBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { RequestSchema } from "../../gen/io/prometheus/write/v2/types_pb.ts";
import { WriteRequestSchema } from "../../gen/prometheus/remote_pb.ts";
import {
  PayloadFormat,
  type PushRequest,
  PushResponseSchema,
} from "../../gen/urd/ingester/v1/ingester_pb.ts";
import type { IngesterClient } from "../../server/distributor/index.ts";

/** A push as an ingest shard met it. */
export interface MetPush {
  readonly tenant: string;
  readonly format: PayloadFormat;
  readonly samples: number;
  readonly exemplars: number;
  readonly metadata: number;
}

/** What a shard may answer. */
export type PushAnswer = MessageInitShape<typeof PushResponseSchema>;

/** An ingest shard that remembers what came and answers as it is told. */
export interface RecordingIngester extends IngesterClient {
  readonly pushes: MetPush[];
  /** Decides the answer; the default stores everything. */
  answer: (push: MetPush) => Promise<PushAnswer> | PushAnswer;
}

/** A shard that stores everything until told otherwise. */
export function createRecordingIngester(): RecordingIngester {
  const pushes: MetPush[] = [];
  const ingester: RecordingIngester = {
    pushes,
    answer: ({ samples, exemplars }) => ({
      samplesStored: BigInt(samples),
      exemplarsStored: BigInt(exemplars),
    }),
    async push(request) {
      const met = meetOrEmpty(request as PushRequest);
      pushes.push(met);
      return create(PushResponseSchema, await ingester.answer(met));
    },
  };
  return ingester;
}

/** What the decoder here refuses (UTF-8, parts that the kernel does not read) counts as empty. */
function meetOrEmpty(request: PushRequest): MetPush {
  try {
    return meet(request);
  } catch {
    const { tenant, format } = request;
    return { tenant, format, samples: 0, exemplars: 0, metadata: 0 };
  }
}

function meet({ tenant, format, payload }: PushRequest): MetPush {
  // The payload is only lent: what is kept is read now.
  const bytes = Uint8Array.from(payload);
  const count = (series: readonly { samples: unknown[]; exemplars: unknown[] }[]) => ({
    samples: series.reduce((sum, { samples }) => sum + samples.length, 0),
    exemplars: series.reduce((sum, { exemplars }) => sum + exemplars.length, 0),
  });
  if (format === PayloadFormat.REMOTE_WRITE_1) {
    const request = fromBinary(WriteRequestSchema, bytes);
    return { tenant, format, ...count(request.timeseries), metadata: request.metadata.length };
  }
  const request = fromBinary(RequestSchema, bytes);
  const metadata = request.timeseries.filter((series) => series.metadata !== undefined).length;
  return { tenant, format, ...count(request.timeseries), metadata };
}
