import { assert, defined } from "../platform/base/index.ts";
import type { Channel } from "../platform/rpc/index.ts";

/** A channel that gives each call to the one of `channels` with the fewest open calls, the first of equals. */
export function createLeastBusyChannel(channels: readonly Channel[]): Channel {
  assert(channels.length > 0, "a pool needs a channel");
  const open = channels.map(() => 0);
  const enter = (): { channel: Channel; leave: () => void } => {
    const index = open.indexOf(Math.min(...open));
    open[index] = (open[index] ?? 0) + 1;
    const leave = (): void => {
      open[index] = (open[index] ?? 0) - 1;
    };
    return { channel: defined(channels[index], "the least busy channel"), leave };
  };
  return {
    async unary(method, request, options) {
      const { channel, leave } = enter();
      try {
        return await channel.unary(method, request, options);
      } finally {
        leave();
      }
    },
    async *stream(method, input, options) {
      const { channel, leave } = enter();
      try {
        yield* channel.stream(method, input, options);
      } finally {
        leave();
      }
    },
    close() {
      for (const channel of channels) channel.close();
    },
  };
}
