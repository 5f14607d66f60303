import { CredentialService } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { shownTenantName } from "../shown-tenant-name.ts";
import { totpUri } from "./totp.ts";

/** A secret in every form that an authenticator app takes; it names the tenant and the person as the app will show them. */
export async function offeredTotp(
  dependencies: Pick<AuthDependencies, "peers" | "tenants">,
  call: Call,
  userId: string,
  secret: string,
): Promise<{ readonly secret: string; readonly otpauthUri: string; readonly qrCodeSvg: string }> {
  const [{ renderSVG }, tenantName, { user }] = await Promise.all([
    import("uqr"),
    shownTenantName(dependencies, call),
    dependencies.peers.client(CredentialService).getClaims({ userId }, forward(call)),
  ]);
  // A colon parts the two in the URI; apps disagree on an escaped one.
  const issuer = tenantName.replaceAll(":", " ").trim() || "Koder ID";
  const label = (user?.username || user?.email || userId).replaceAll(":", " ");
  const otpauthUri = await totpUri(secret, { issuer, label });
  return { secret, otpauthUri, qrCodeSvg: renderSVG(otpauthUri, { ecc: "M", border: 4 }) };
}
