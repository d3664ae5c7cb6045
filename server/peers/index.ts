export { createShardPeers, type ShardPeers } from "./shard-peers.ts";
export {
  askAll,
  type IngesterPeer,
  openQueryStreams,
  queryStreams,
} from "./ingesters.ts";
