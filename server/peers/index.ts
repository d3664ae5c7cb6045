export {
  askAll,
  type IngesterClient,
  type IngesterPeer,
  type PeerPart,
  queryStreams,
} from "./ingesters.ts";
