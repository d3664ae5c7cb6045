import type { MessageInitShape } from "@bufbuild/protobuf";
import type { QueryStreamRequestSchema, StreamEnd } from "../../gen/urd/ingester/v1/ingester_pb.ts";
import { urdError } from "../model/index.ts";
import { UrdError } from "../platform/base/index.ts";
import type {
  RawIngesterService,
  RawQueryStreamResponse,
  ServiceClient,
} from "../platform/rpc/index.ts";

/** How an ingest shard is called, wherever it runs. */
export type IngesterClient = ServiceClient<typeof RawIngesterService>;

/** One ingest shard that can be asked. */
export interface IngesterPeer {
  /** Name for completeness and error texts, such as shard-0. */
  readonly name: string;
  /** Number of the shard: chunk locations are relative to its folder. */
  readonly shard: number;
  readonly client: IngesterClient;
}

/** One part of the joined answer: a frame, or the end of one peer's stream. */
export interface PeerPart {
  readonly peer: IngesterPeer;
  readonly part:
    | { readonly case: "frame"; readonly value: Uint8Array }
    | { readonly case: "end"; readonly value: StreamEnd };
}

/**
 * Asks all peers at once and gives their answers one after the other, in the peers' order: the
 * same data comes in the same order however the threads run. Meanwhile the later peers fill
 * their transport's window, which is all that is ever held back. Every peer's last part is its
 * end. A failure of any peer fails the whole and cancels the others; so does leaving early.
 */
export async function* queryStreams(
  peers: readonly IngesterPeer[],
  request: MessageInitShape<typeof QueryStreamRequestSchema>,
  signal: AbortSignal,
): AsyncGenerator<PeerPart> {
  const { parts, close } = startStreams(peers, () => request, signal);
  try {
    yield* parts;
  } finally {
    close();
  }
}

/** Streams of all peers that have begun. */
export interface OpenedStreams {
  /** As `queryStreams` gives them; read once. */
  readonly parts: AsyncIterable<PeerPart>;
  /** Ends what is not read yet; to be called in any case. */
  close(): void;
}

/** The request to each peer, which may differ in what of its label sets is known. */
export type RequestOf = (peer: IngesterPeer) => MessageInitShape<typeof QueryStreamRequestSchema>;

/**
 * Asks all peers as `queryStreams` does, and resolves when every one of them has begun to
 * answer: from then on no peer drops what it has not sent yet, so whatever it dropped before is
 * to be found in blocks that are published by now.
 */
export async function openQueryStreams(
  peers: readonly IngesterPeer[],
  requestOf: RequestOf,
  signal: AbortSignal,
): Promise<OpenedStreams> {
  const started = startStreams(peers, requestOf, signal);
  try {
    await started.begun;
    return started;
  } catch (error) {
    started.close();
    throw error;
  }
}

function startStreams(
  peers: readonly IngesterPeer[],
  requestOf: RequestOf,
  signal: AbortSignal,
): OpenedStreams & { readonly begun: Promise<unknown> } {
  refuseNobody(peers);
  const leave = createLeave(signal);
  const options = { signal: leave.signal };
  const streams = peers.map((peer) =>
    startStream(peer, peer.client.queryStream(requestOf(peer), options)),
  );
  const begun = Promise.all(
    streams.map(({ peer, first }) =>
      first.catch((error: unknown) => {
        throw peerFailure(peer, error);
      }),
    ),
  );
  // Who reads the parts meets the failure there.
  begun.catch(() => undefined);
  const close = (): void => {
    leave.end(streams.every(({ isEnded }) => isEnded));
    // A stream that nobody reads on with does not notice that it was aborted.
    for (const { iterator } of streams) void iterator.return?.().catch(() => undefined);
  };
  return { begun, parts: readAll(streams), close };
}

async function* readAll(streams: readonly StartedStream[]): AsyncGenerator<PeerPart> {
  for (const stream of streams) yield* readToEnd(stream);
}

/** A stream whose first message was asked for already: that is what starts it. */
interface StartedStream {
  readonly peer: IngesterPeer;
  readonly iterator: AsyncIterator<RawQueryStreamResponse>;
  readonly first: Promise<IteratorResult<RawQueryStreamResponse>>;
  /** True when its last part was read. */
  isEnded: boolean;
}

function startStream(
  peer: IngesterPeer,
  stream: AsyncIterable<RawQueryStreamResponse>,
): StartedStream {
  const iterator = stream[Symbol.asyncIterator]();
  const first = iterator.next();
  // Its failure is reported when its turn comes, which may be never: an earlier one failed.
  first.catch(() => undefined);
  return { peer, iterator, first, isEnded: false };
}

async function* readToEnd(stream: StartedStream): AsyncGenerator<PeerPart> {
  const { peer, iterator, first } = stream;
  try {
    for (let next = await first; next.done !== true; next = await iterator.next()) {
      const { part } = next.value;
      if (part.case === undefined) continue;
      stream.isEnded = part.case === "end";
      yield { peer, part };
    }
  } catch (error) {
    throw peerFailure(peer, error);
  } finally {
    if (!stream.isEnded) void iterator.return?.()?.catch(() => undefined);
  }
  if (!stream.isEnded) throw urdError("query-incomplete", `The answer of ${peer.name} has no end.`);
}

/**
 * Asks all peers at once and gives their answers in the peers' order. The first failure fails
 * the whole and cancels the others.
 */
export async function askAll<T>(
  peers: readonly IngesterPeer[],
  signal: AbortSignal,
  ask: (peer: IngesterPeer, options: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T[]> {
  refuseNobody(peers);
  const leave = createLeave(signal);
  const options = { signal: leave.signal };
  let areEnded = false;
  const answers = peers.map((peer) =>
    ask(peer, options).catch((error: unknown) => {
      throw peerFailure(peer, error);
    }),
  );
  try {
    const all = await Promise.all(answers);
    areEnded = true;
    return all;
  } finally {
    leave.end(areEnded);
  }
}

/** The end of calls that were made together, whoever brings it about. */
interface Leave {
  /** Aborts as the caller's signal does, or when the rest is not wanted. */
  readonly signal: AbortSignal;
  /** Lets go of the caller's signal and aborts calls that may be open still. */
  end(areEnded: boolean): void;
}

/** By hand: a query pays for AbortSignal.any and for an abort without a reason each time. */
function createLeave(caller: AbortSignal): Leave {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(caller.reason);
  if (caller.aborted) onAbort();
  else caller.addEventListener("abort", onAbort, { once: true });
  return {
    signal: controller.signal,
    end(areEnded) {
      caller.removeEventListener("abort", onAbort);
      if (!areEnded) controller.abort(notWanted());
    },
  };
}

function notWanted(): UrdError {
  return urdError("rpc-cancelled", "The rest of the answer is not wanted.");
}

/** Nobody to ask is not the same as nothing found. */
function refuseNobody(peers: readonly IngesterPeer[]): void {
  if (peers.length === 0) throw urdError("shard-unavailable", "No ingest shard is connected.");
}

/** What a peer's failure means to its caller: a peer that is gone makes the answer incomplete. */
function peerFailure(peer: IngesterPeer, error: unknown): unknown {
  if (!(error instanceof UrdError) || error.id !== "err-urd-rpc-unavailable") return error;
  return urdError("shard-unavailable", `${peer.name} cannot be asked: ${error.message}`, {
    cause: error,
  });
}
