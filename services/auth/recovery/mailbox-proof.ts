import type { MailboxProofSchema, MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { authFailure } from "../auth-failure.ts";
import { mailboxProofs } from "../collections.ts";

const use = "mailbox-proof";

/** The secret of a link, as it is kept. */
export const mailboxProofHash = (vault: TenantVault, secret: string): string => vault.keyedHash(use, secret);

/** The proof of a secret, if it is somebody's. */
export async function findMailboxProof(
  data: TenantStore,
  vault: TenantVault,
  secret: string,
): Promise<Stored<typeof MailboxProofSchema> | undefined> {
  const stored = await findBySecret(vault, use, secret, (hash) => data.get(mailboxProofs, hash));
  return stored?.record.userId === "" ? undefined : stored;
}

/** The proof of a secret, if it is for this use and somebody's. Throws RECOVERY_TOKEN_INVALID. */
export async function openMailboxProof(
  data: TenantStore,
  vault: TenantVault,
  secret: string,
  wanted: MailboxProofUse,
): Promise<Stored<typeof MailboxProofSchema>> {
  const stored = await findMailboxProof(data, vault, secret);
  if (stored?.record.use !== wanted) throw proofInvalid();
  return stored;
}

/** The answer to a link that is good for nothing, or not any more. */
export const proofInvalid = () =>
  authFailure(AuthErrorReason.RECOVERY_TOKEN_INVALID, "the link was used or has expired; ask for another one", {
    violations: [{ field: "token", description: "must be that of a link that was not used and is still good" }],
  });
