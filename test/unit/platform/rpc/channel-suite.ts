import { afterEach, describe, expect, test } from "vitest";
import { urdError } from "../../../../server/model/index.ts";
import { systemClock, UrdError } from "../../../../server/platform/base/index.ts";
import {
  type CallContext,
  type Channel,
  createClient,
  type ServedService,
  type ServiceClient,
  type ServiceHandlers,
  serve,
} from "../../../../server/platform/rpc/index.ts";
import { collect } from "../../../support/collect.ts";
import { type EchoService, echoService } from "../../../support/echo-service.ts";

/** A transport under test: serves, connects, and says how it is torn down. */
export interface OpenTransport {
  readonly channel: Channel;
  close(): Promise<void> | void;
}

type Handlers = Partial<ServiceHandlers<EchoService>>;

/** Everything that callers and handlers may rely on, whatever the transport. */
export function channelSuite(
  name: string,
  open: (services: readonly ServedService[]) => Promise<OpenTransport> | OpenTransport,
  traits: { readonly windowMessagesMax: number },
): void {
  describe(name, () => {
    const opened: OpenTransport[] = [];
    afterEach(async () => {
      for (const transport of opened.splice(0)) await transport.close();
    });
    const connect = async (handlers: Handlers): Promise<ServiceClient<EchoService>> => {
      const transport = await open([serve(echoService, handlers)]);
      opened.push(transport);
      return createClient(echoService, transport.channel);
    };

    answers(connect);
    errors(connect);
    cancels(connect, () => opened.at(-1)?.channel.close());
    flow(connect, traits.windowMessagesMax);
  });
}

type Connect = (handlers: Handlers) => Promise<ServiceClient<EchoService>>;

function answers(connect: Connect): void {
  test("a unary call carries every field both ways, and headers", async () => {
    const client = await connect({
      one: (request, context) => ({
        text: `${request.text}/${context.headers["x-scope-orgid"]}`,
        count: request.count + 1,
        data: request.data,
        big: request.big * 2n,
      }),
    });
    const answer = await client.one(
      { text: "a", count: 1, data: new Uint8Array([0, 255]), big: 1n << 60n },
      { headers: { "x-scope-orgid": "t1" } },
    );
    expect(answer).toMatchObject({ text: "a/t1", count: 2, big: 1n << 61n });
    expect(new Uint8Array(answer.data)).toEqual(new Uint8Array([0, 255]));
  });

  test("many calls at once are kept apart", async () => {
    const client = await connect({
      one: async ({ count }) => {
        if (count % 3 === 0) await pause(count % 7);
        return { count: count * 2 };
      },
    });
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const found = await Promise.all(numbers.map((count) => client.one({ count })));
    expect(found.map((answer) => answer.count)).toEqual(numbers.map((count) => count * 2));
  });

  test("streams arrive whole and in order, large buffers included", async () => {
    const client = await connect({
      async *down({ count }) {
        for (let at = 0; at < count; at++) yield { count: at, data: new Uint8Array(8192).fill(at) };
      },
      async up(requests) {
        let count = 0;
        for await (const request of requests) count += request.count;
        return { count };
      },
      async *both(requests) {
        for await (const { count } of requests) yield { count: 99 - count };
      },
    });
    const down = await collect(client.down({ count: 50 }));
    expect(down.map(({ count, data }) => [count, data[8191]])).toEqual(
      Array.from({ length: 50 }, (_, at) => [at, at]),
    );
    expect((await client.up(counts(100))).count).toBe(4950);
    const both = await collect(client.both(counts(40)));
    expect(both.map(({ count }) => 99 - count)).toEqual(Array.from({ length: 40 }, (_, at) => at));
  });

  test("a conversation can take turns", async () => {
    const client = await connect({
      async *both(requests) {
        for await (const { count } of requests) yield { count: count + 1 };
      },
    });
    const turns = Promise.withResolvers<void>();
    async function* ask() {
      yield { count: 1 };
      await turns.promise;
      yield { count: 10 };
    }
    const found: number[] = [];
    for await (const { count } of client.both(ask())) {
      found.push(count);
      turns.resolve();
    }
    expect(found).toEqual([2, 11]);
  });

  test("an empty stream ends", async () => {
    const client = await connect({ async *down() {} });
    expect(await collect(client.down({}))).toEqual([]);
  });
}

const limitError = (): UrdError =>
  urdError("max-series-per-query", "Too many — really.", {
    limit: 7,
    series: 'up{job="ä"}',
    retryAfterMs: 1500,
  });

const limitFacts = {
  name: "UrdError",
  id: "err-urd-max-series-per-query",
  message: "Too many — really.",
  limit: 7,
  series: 'up{job="ä"}',
  retryAfterMs: 1500,
  entry: {
    code: "RESOURCE_EXHAUSTED",
    http: 422,
    retryable: false,
    option: "limits.max_fetched_series_per_query",
  },
};

function errors(connect: Connect): void {
  test("a typed error keeps its facts, thrown at once or later", async () => {
    const client = await connect({
      one: () => {
        throw limitError();
      },
      async *down({ count }) {
        for (let at = 0; at < count; at++) yield { count: at };
        throw limitError();
      },
      up: () => Promise.reject(limitError()),
    });
    await expect(client.one({})).rejects.toMatchObject(limitFacts);
    await expect(client.one({})).rejects.toBeInstanceOf(UrdError);
    await expect(collect(client.down({ count: 0 }))).rejects.toMatchObject(limitFacts);
    await expect(client.up(counts(3))).rejects.toMatchObject(limitFacts);
    let seen = 0;
    await expect(
      (async () => {
        for await (const _ of client.down({ count: 3 })) seen += 1;
      })(),
    ).rejects.toMatchObject(limitFacts);
    expect(seen).toBeLessThanOrEqual(3);
  });

  test("any other error is internal", async () => {
    const client = await connect({
      one: () => {
        throw new TypeError("oops");
      },
    });
    await expect(client.one({})).rejects.toMatchObject({
      id: "err-urd-internal",
      entry: { code: "INTERNAL" },
    });
  });

  test("a method without a handler is unimplemented", async () => {
    const client = await connect({});
    const expected = { id: "err-urd-rpc-unimplemented", entry: { code: "UNIMPLEMENTED" } };
    await expect(client.one({})).rejects.toMatchObject(expected);
    await expect(collect(client.down({}))).rejects.toMatchObject(expected);
  });

  test("a failing request stream fails the call and tells the handler", async () => {
    const told = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const client = await connect({
      async up(requests) {
        try {
          for await (const _ of requests) begun.resolve();
        } catch (thrown) {
          told.resolve(thrown);
        }
        return {};
      },
    });
    async function* failing() {
      yield { count: 1 };
      await begun.promise;
      throw limitError();
    }
    await expect(client.up(failing())).rejects.toMatchObject({ id: limitFacts.id });
    expect(await told.promise).toBeInstanceOf(UrdError);
  });
}

function cancels(connect: Connect, closeLast: () => void): void {
  const watching = () => {
    const aborted = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<void>();
    const watch = (context: CallContext): void => {
      begun.resolve();
      context.signal.addEventListener("abort", () => aborted.resolve(context.signal.reason));
    };
    return { aborted: aborted.promise, begun: begun.promise, watch };
  };

  test("an aborted unary call fails at once and the handler hears of it", async () => {
    const { aborted, begun, watch } = watching();
    const client = await connect({
      one: (_, context) => {
        watch(context);
        return new Promise(() => undefined);
      },
    });
    const controller = new AbortController();
    const call = client.one({}, { signal: controller.signal });
    await begun;
    controller.abort();
    await expect(call).rejects.toMatchObject({ id: "err-urd-rpc-cancelled" });
    expect(await aborted).toMatchObject({ entry: { code: "CANCELLED" } });
  });

  test("an already aborted signal fails the call before it begins", async () => {
    let served = 0;
    const client = await connect({
      one: () => {
        served += 1;
        return {};
      },
    });
    const signal = AbortSignal.abort();
    await expect(client.one({}, { signal })).rejects.toMatchObject({
      id: "err-urd-rpc-cancelled",
    });
    expect(served).toBe(0);
  });

  test("a reader that leaves early stops the handler", async () => {
    const { aborted, watch } = watching();
    const client = await connect({
      async *down(_, context) {
        watch(context);
        for (let at = 0; ; at++) yield { count: at };
      },
    });
    for await (const { count } of client.down({})) if (count === 3) break;
    expect(await aborted).toBeInstanceOf(UrdError);
  });

  test("an aborted stream fails while its handler is silent", async () => {
    const { aborted, watch } = watching();
    const client = await connect({
      async *down(_, context) {
        watch(context);
        yield { count: 1 };
        await new Promise(() => undefined);
      },
    });
    const controller = new AbortController();
    const stream = client.down({}, { signal: controller.signal });
    await expect(
      (async () => {
        for await (const _ of stream) controller.abort();
      })(),
    ).rejects.toMatchObject({ id: "err-urd-rpc-cancelled" });
    await aborted;
  });

  test("a deadline fails the call on both sides, and the handler sees what is left", async () => {
    const { aborted, watch } = watching();
    let left = 0;
    const client = await connect({
      one: (_, context) => {
        watch(context);
        left = context.timeoutMs ?? -1;
        return new Promise(() => undefined);
      },
    });
    await expect(client.one({}, { timeoutMs: 60 })).rejects.toMatchObject({
      id: "err-urd-rpc-deadline-exceeded",
      entry: { code: "DEADLINE_EXCEEDED" },
    });
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60);
    expect(await aborted).toBeInstanceOf(UrdError);
  });

  test("closing the channel fails open calls and refuses new ones", async () => {
    const { begun, watch } = watching();
    const handlers: Handlers = {
      one: (_, context) => {
        watch(context);
        return new Promise(() => undefined);
      },
    };
    const client = await connect(handlers);
    const call = client.one({});
    await begun;
    closeLast();
    await expect(call).rejects.toMatchObject({ entry: { code: "UNAVAILABLE" } });
    await expect(client.one({})).rejects.toMatchObject({ entry: { code: "UNAVAILABLE" } });
  });
}

function flow(connect: Connect, windowMessagesMax: number): void {
  test("a slow reader slows its sender", async () => {
    let sent = 0;
    const client = await connect({
      async *down() {
        for (; sent < 20_000; sent++) yield { count: sent, data: new Uint8Array(16_384) };
      },
    });
    let read = 0;
    let aheadMax = 0;
    for await (const _ of client.down({})) {
      read += 1;
      if (read <= 20) await pause(5);
      else break;
      aheadMax = Math.max(aheadMax, sent - read);
    }
    expect(aheadMax).toBeLessThanOrEqual(windowMessagesMax);
  });

  test("a slow handler slows its caller", async () => {
    let sent = 0;
    let handled = 0;
    let aheadMax = 0;
    const client = await connect({
      async up(requests) {
        for await (const _ of requests) {
          handled += 1;
          if (handled > 20) break;
          await pause(5);
          aheadMax = Math.max(aheadMax, sent - handled);
        }
        return { count: handled };
      },
    });
    async function* flood() {
      for (; sent < 20_000; sent++) yield { data: new Uint8Array(16_384) };
    }
    expect((await client.up(flood())).count).toBe(21);
    expect(aheadMax).toBeLessThanOrEqual(windowMessagesMax);
  });
}

const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => systemClock.after(delayMs, resolve));

async function* counts(count: number) {
  for (let at = 0; at < count; at++) yield { count: at };
}
