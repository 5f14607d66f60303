import type { Call } from "../../host/call.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import type { TenantVault, Vault } from "../../vault/vault.ts";
import { enrolments, factors } from "../collections.ts";

/** Where a secret is kept: with the enrolment first, with the factor then. What is sealed for one does not open in the other. */
const placeOf = (of: "enrolment" | "factor", id: string) => ({
  collection: (of === "factor" ? factors : enrolments).name,
  id,
  field: "sealed_secret",
});

/** Seals the secret of an authenticator app. */
export const sealSecret = (vault: TenantVault, of: "enrolment" | "factor", id: string, secret: string) =>
  vault.seal(placeOf(of, id), Buffer.from(secret, "ascii"));

/** Opens it. */
export async function openSecret(
  vault: Vault,
  { tenantId }: Pick<Call, "tenantId">,
  of: "enrolment" | "factor",
  { id, sealedSecret }: { readonly id: string; readonly sealedSecret: Uint8Array },
): Promise<string> {
  const tenantVault = await vault.tenant(tenantId, versionOfBox(sealedSecret));
  return Buffer.from(tenantVault.open(placeOf(of, id), sealedSecret)).toString("ascii");
}
