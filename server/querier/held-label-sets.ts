import { LRUCache } from "lru-cache";
import type { IngesterPeer } from "../peers/index.ts";
import { ReceivedLabelSets } from "../wire/index.ts";

/** Label sets that are kept from query to query, so that known series come as numbers. */
export interface HeldLabelSets {
  /** Those that a peer has told of a tenant. A peer that started anew is another one. */
  of(peer: IngesterPeer, tenant: string): ReceivedLabelSets;
}

/** Tenants per peer whose label sets are kept; each holds what one log has room for. */
const tenantsMax = 8;

/** Holds nothing yet. */
export function createHeldLabelSets(): HeldLabelSets {
  const byPeer = new WeakMap<IngesterPeer, LRUCache<string, ReceivedLabelSets>>();
  return {
    of(peer, tenant) {
      let byTenant = byPeer.get(peer);
      if (byTenant === undefined) {
        byTenant = new LRUCache<string, ReceivedLabelSets>({ max: tenantsMax });
        byPeer.set(peer, byTenant);
      }
      let sets = byTenant.get(tenant);
      if (sets === undefined) {
        sets = new ReceivedLabelSets();
        byTenant.set(tenant, sets);
      }
      return sets;
    },
  };
}
