import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import { forward, type Call } from "../host/call.ts";
import type { AuthDependencies } from "./dependencies.ts";

/** What people's authenticators call a tenant: the name of its branding, or else its own. */
export async function shownTenantName(
  { peers, tenants }: Pick<AuthDependencies, "peers" | "tenants">,
  call: Call,
): Promise<string> {
  const [{ displayName }, { branding }] = await Promise.all([
    tenants.get(call),
    peers.client(ShownBrandingService).getShownBranding({}, forward(call)),
  ]);
  return (branding?.displayName || displayName).trim() || "Koder ID";
}
