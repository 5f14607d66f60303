import { ShownBrandingService } from "#gen/koder/admin/v1/branding_internal_pb.ts";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { forward, type Outbound } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { mailLook, type MailLook } from "./mail-look.ts";

/** How a tenant looks now. Nothing of it is remembered: a mail is sent once, and takes far longer than to ask. */
export async function lookOfTenant(
  peers: Peers,
  call: Outbound,
  { displayName }: Pick<Tenant, "displayName">,
): Promise<MailLook> {
  const { branding } = await peers.client(ShownBrandingService).getShownBranding({}, forward(call));
  return mailLook(displayName, branding);
}
