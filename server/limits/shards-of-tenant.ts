/** Series that one shard takes of a tenant before a further shard is worth its overhead. */
const seriesPerShard = 250_000;

/**
 * Which shards hold a tenant's series: `clamp(ceil(seriesMax / 250k), 1, shards)` of them, all
 * when the tenant's series are unlimited (0). Small tenants are spread by a hash of their id,
 * each from its own first shard on. Ascending positions in the order the parts are made.
 */
export function shardsOfTenant(
  tenant: string,
  options: { readonly seriesMax: number; readonly shards: number },
): readonly number[] {
  const { seriesMax, shards } = options;
  const wanted = seriesMax === 0 ? shards : Math.ceil(seriesMax / seriesPerShard);
  const count = Math.min(Math.max(wanted, 1), shards);
  const first = count === shards ? 0 : fnv1a(tenant) % shards;
  return Array.from({ length: count }, (_, i) => (first + i) % shards);
}

/** 32-bit FNV-1a over UTF-16 units; ids of tenants are ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
