import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Tenant } from "#gen/koder/admin/v1/tenant_pb.ts";
import type { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailboxProofSchema, type MailboxProof } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import type { Event } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import type { Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { mailboxProofs } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { mailLink } from "../mail/mail-link.ts";
import { mailboxProofHash } from "../recovery/mailbox-proof.ts";
import { mailboxProofAsked } from "./email-events.ts";

/** What of a proof is said by whoever asks for it. */
type Asked = Pick<MailboxProof, "use" | "userId" | "email" | "userEpoch" | "changeId">;

/** A proof that is asked for by a link that is mailed to its address: what to commit, and how to have it mailed then. */
export function askProof(
  { mailer, emailPolicy, clock }: Pick<AuthDependencies, "mailer" | "emailPolicy" | "clock">,
  call: Call,
  { vault, tenant }: { readonly vault: TenantVault; readonly tenant: Tenant },
  asked: Asked,
  mail: { readonly kind: MailKind; readonly locale: string; readonly otherAddress?: string },
): { readonly writes: readonly Write[]; readonly event: Event; readonly queue: () => Promise<void> } {
  const now = clock();
  const token = randomToken("kmp_");
  const expires = now + emailPolicy.lifetime;
  const proof = create(MailboxProofSchema, {
    ...asked,
    secretHash: mailboxProofHash(vault, token),
    expireTime: timestampFromMs(expires),
  });
  const { kind, locale, otherAddress = "" } = mail;
  const queued = mailer.prepare(
    { tenantId: call.tenantId, vault },
    kind,
    { to: asked.email, locale, link: mailLink(tenant, "verify", token), otherAddress },
    expires,
  );
  return {
    writes: [insert(mailboxProofs, proof), queued.write],
    event: mailboxProofAsked(call, now, proof),
    queue: () => queued.queue(),
  };
}
