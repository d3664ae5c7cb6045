import type { TenantIndex } from "../kernel/index.ts";
import type { LogRecord } from "./log/record.ts";
import { recordTypes } from "./log/record.ts";

/** A tenant as one shard knows it. */
export interface ShardTenant {
  readonly name: string;
  readonly index: TenantIndex;
  /** True when the log or a snapshot names the tenant. */
  logged: boolean;
  /** Epoch of the limits that the kernel judges by; 0: it knows none. */
  limitsEpoch: number;
}

/** Names and numbers of the tenants of one shard. Numbers are dense and never given twice. */
export class ShardTenants {
  readonly #byName = new Map<string, ShardTenant>();
  readonly #byIndex: (ShardTenant | undefined)[] = [];

  /** All of them, by number. */
  get all(): readonly ShardTenant[] {
    return this.#byIndex.filter((tenant) => tenant !== undefined);
  }

  /** The tenant of that name, when there is one. */
  find(name: string): ShardTenant | undefined {
    return this.#byName.get(name);
  }

  /** The tenant of that name, numbered when it is new. */
  findOrAdd(name: string): ShardTenant {
    return this.#byName.get(name) ?? this.#add(name, Math.max(1, this.#byIndex.length), false);
  }

  /** Takes a tenant from the log or a snapshot. */
  restore(name: string, index: TenantIndex): ShardTenant {
    return this.#byIndex[index] ?? this.#add(name, index, true);
  }

  #add(name: string, index: TenantIndex, logged: boolean): ShardTenant {
    const tenant: ShardTenant = { name, index, logged, limitsEpoch: 0 };
    this.#byName.set(name, tenant);
    this.#byIndex[index] = tenant;
    return tenant;
  }
}

/** The log record of a tenant: u32 index, then the name. */
export function tenantRecord(tenant: { name: string; index: TenantIndex }): LogRecord {
  const name = new TextEncoder().encode(tenant.name);
  const body = new Uint8Array(4 + name.length);
  new DataView(body.buffer).setUint32(0, tenant.index, true);
  body.set(name, 4);
  return { type: recordTypes.tenant, body };
}

/** Reads the body of a tenant's record; undefined when it is too short. */
export function decodeTenant(body: Uint8Array): { name: string; index: number } | undefined {
  if (body.length <= 4) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  return { index: view.getUint32(0, true), name: new TextDecoder().decode(body.subarray(4)) };
}
