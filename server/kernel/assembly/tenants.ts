import { directoryCreate, directoryGet, directorySet } from "./directory";
import { foldHash } from "./hash";
import { postingsStart } from "./postings";
import { slabAlloc, slabClass } from "./slab";
import {
  tenantBucketsMax,
  tenantEncoding,
  tenantHistograms,
  tenantIndex,
  tenantKey,
  tenantLabelsMax,
  tenantNameSizeMax,
  tenantNewest,
  tenantNext,
  tenantOldest,
  tenantPostings,
  tenantSamples,
  tenantSeriesMax,
  tenantTotal,
  tenantTruncateOldest,
  tenantValueSizeMax,
  tenantWindow,
} from "./structs";

/** Tenants by number. They are never freed: a tenant without series takes 160 bytes. */

let directory: usize = 0;
let key: u64 = 0;
/** Chain of all tenants, newest first. */
export let tenantFirst: usize = 0;

/** How many they are. */
export let tenantsKnown: u32 = 0;

/** No time: below every time that the kernel takes, with room to subtract a window. */
const timeNone: i64 = -0x4000000000000000;

/** Sets up the directory with the secret that keys all hashes. */
export function tenantsStart(secret: u64): bool {
  key = secret;
  directory = directoryCreate();
  return directory != 0;
}

/** The tenant of a number, or 0. */
export function tenantOf(index: u32): usize {
  return directoryGet(directory, index);
}

/** The tenant of a number, made when it is not known yet; 0 when memory is out. */
export function tenantEnsure(index: u32): usize {
  const known = directoryGet(directory, index);
  if (known != 0) return known;
  const tenant = slabAlloc(slabClass(tenantTotal));
  if (tenant == 0 || !directorySet(directory, index, tenant)) return 0;
  memory.fill(tenant, 0, tenantTotal);
  store<u32>(tenant, index, tenantIndex);
  store<i64>(tenant, timeNone, tenantNewest);
  store<i64>(tenant, i64.MAX_VALUE, tenantOldest);
  store<i64>(tenant, i64.MAX_VALUE, tenantTruncateOldest);
  store<u64>(tenant, foldHash(key, <u64>index), tenantKey);
  postingsStart(tenant + tenantPostings);
  store<u32>(tenant, <u32>tenantFirst, tenantNext);
  tenantFirst = tenant;
  tenantsKnown++;
  return tenant;
}

/** Sets what a tenant's new series are judged by; false when memory is out. */
export function setTenant(
  index: u32,
  seriesMax: u32,
  labelsMax: u32,
  nameSizeMax: u32,
  valueSizeMax: u32,
  windowMs: f64,
  histograms: u32,
  bucketsMax: u32,
  encoding: u32,
): bool {
  const tenant = tenantEnsure(index);
  if (tenant == 0) return false;
  store<u32>(tenant, seriesMax, tenantSeriesMax);
  store<u32>(tenant, labelsMax, tenantLabelsMax);
  store<u32>(tenant, nameSizeMax, tenantNameSizeMax);
  store<u32>(tenant, valueSizeMax, tenantValueSizeMax);
  store<i64>(tenant, <i64>windowMs, tenantWindow);
  store<u32>(tenant, histograms, tenantHistograms);
  store<u32>(tenant, bucketsMax, tenantBucketsMax);
  store<u32>(tenant, encoding, tenantEncoding);
  return true;
}

/** Widens the tenant's times and counts samples. */
export function tenantCount(tenant: usize, newest: i64, oldest: i64, samples: f64): void {
  if (newest > load<i64>(tenant, tenantNewest)) store<i64>(tenant, newest, tenantNewest);
  if (oldest < load<i64>(tenant, tenantOldest)) store<i64>(tenant, oldest, tenantOldest);
  const truncating = load<i64>(tenant, tenantTruncateOldest);
  store<i64>(tenant, min<i64>(truncating, oldest), tenantTruncateOldest);
  store<f64>(tenant, load<f64>(tenant, tenantSamples) + samples, tenantSamples);
}
