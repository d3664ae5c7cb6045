export {
  askAll,
  type IngesterPeer,
  queryStreams,
} from "./ingesters.ts";
