import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailboxProofSchema, MailboxProofUse } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import type { Call } from "../../host/call.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailLink } from "../mail/mail-link.ts";
import { mailboxProofHash } from "./mailbox-proof.ts";
import { recoveryStarted } from "./recovery-events.ts";

/** Whose password is to be chosen anew. */
interface Asked {
  readonly userId: string;
  /** Epoch of the user: what voids them voids the link. */
  readonly userEpoch: bigint;
  /** Their address; empty where nobody is mailed, for whom the same is written. */
  readonly email: string;
  readonly locale: string;
}

/** Has a link mailed by which a user chooses another password. The link is of the tenant's canonical origin (security A4). */
export async function askRecovery(
  { store, mailer, recovery, clock }: Pick<AuthDependencies, "store" | "mailer" | "recovery" | "clock">,
  call: Call,
  { vault, tenant }: { readonly vault: TenantVault; readonly tenant: Tenant },
  { userId, userEpoch, email, locale }: Asked,
): Promise<void> {
  const now = clock();
  const expires = now + recovery.lifetime;
  const token = randomToken("kmp_");
  const proof = create(MailboxProofSchema, {
    secretHash: mailboxProofHash(vault, token),
    use: MailboxProofUse.PASSWORD_RESET,
    userId: email === "" ? "" : userId,
    email,
    userEpoch,
    expireTime: timestampFromMs(expires),
  });
  const mail = mailer.prepare(
    { tenantId: call.tenantId, vault },
    MailKind.PASSWORD_RESET,
    { to: email, locale, link: mailLink(tenant, "reset", token) },
    expires,
  );
  const started = recoveryStarted(call, now, { ...proof, userId });
  await store.tenant(call.tenantId).commit([insert(mailboxProofs, proof), mail.write], [started]);
  await mail.queue();
}
