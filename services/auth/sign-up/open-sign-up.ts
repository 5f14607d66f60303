import { AuthErrorReason } from "#gen/koder/auth/v1/errors_pb.ts";
import { MailboxProofUse, type MailboxProofSchema } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { authFailure } from "../auth-failure.ts";
import { findMailboxProof } from "../recovery/mailbox-proof.ts";

const uses: ReadonlySet<MailboxProofUse> = new Set([MailboxProofUse.SIGN_UP, MailboxProofUse.INVITATION]);

/** What a link to open an account by stands for. Throws SIGN_UP_TOKEN_INVALID. */
export async function openSignUp(
  data: TenantStore,
  vault: TenantVault,
  token: string,
): Promise<Stored<typeof MailboxProofSchema>> {
  const proof = await findMailboxProof(data, vault, token);
  if (proof === undefined || !uses.has(proof.record.use)) throw signUpTokenInvalid();
  return proof;
}

/** The answer to a link that is good for nothing, or not any more. */
export const signUpTokenInvalid = () =>
  authFailure(AuthErrorReason.SIGN_UP_TOKEN_INVALID, "the link was used or has expired; ask for another one", {
    violations: [{ field: "token", description: "must be that of a link that was not used and is still good" }],
  });
