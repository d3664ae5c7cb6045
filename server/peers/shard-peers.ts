import type { MessagePort } from "node:worker_threads";
import type { IngesterPeer } from "./ingesters.ts";
import { defined } from "../platform/base/index.ts";
import type { Clock } from "../platform/base/index.ts";
import {
  type Channel,
  createClient,
  openPortChannel,
  RawIngesterService,
} from "../platform/rpc/index.ts";

/** The ingest shards of this process, reached over ports that change when a shard restarts. */
export interface ShardPeers {
  /** All shards by number. Throws nothing while one is down: asking it fails then. */
  readonly all: () => readonly IngesterPeer[];
  /** Takes ports to all shards, by number; earlier ones are closed. */
  connectAll(ports: readonly MessagePort[]): void;
  /** Takes a new port to one shard. */
  connect(shard: number, port: MessagePort): void;
  close(): void;
}

/** No shards yet. */
export function createShardPeers(clock: Clock): ShardPeers {
  const channels: Channel[] = [];
  let peers: IngesterPeer[] = [];
  const connect = (shard: number, port: MessagePort): void => {
    channels[shard]?.close();
    const channel = openPortChannel(port, { clock });
    channels[shard] = channel;
    peers = [...peers];
    const client = createClient(RawIngesterService, channel);
    peers[shard] = { name: `shard-${shard}`, shard, client };
  };
  const close = (): void => {
    for (const channel of channels.splice(0)) channel.close();
    peers = [];
  };
  return {
    all: () => peers,
    connectAll(ports) {
      close();
      ports.forEach((port, shard) => {
        connect(shard, defined(port, `the port to shard ${shard}`));
      });
    },
    connect,
    close,
  };
}
