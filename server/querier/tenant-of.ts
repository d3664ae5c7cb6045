import { urdError } from "../model/index.ts";
import type { CallContext } from "../platform/rpc/index.ts";

/** The tenant that a call is for; whoever took the call from outside has checked the id. */
export function tenantOf(context: CallContext): string {
  const tenant = context.headers["x-scope-orgid"];
  if (tenant === undefined || tenant === "") throw urdError("no-org-id", "no org id");
  return tenant;
}
