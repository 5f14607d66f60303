import { MailKind } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { MailboxService } from "#gen/koder/identity/v1/mailbox_internal_pb.ts";
import { forward, type Call } from "../../host/call.ts";
import type { TenantVault } from "../../vault/vault.ts";
import type { AuthDependencies } from "../dependencies.ts";

/** How long it is tried to tell somebody, in milliseconds. */
const toldWithin = 24 * 60 * 60_000;

/** Tells a person, at the address that they have, that their password was changed. */
export async function tellPasswordChanged(
  { store, peers, mailer, clock }: Pick<AuthDependencies, "store" | "peers" | "mailer" | "clock">,
  call: Call,
  vault: TenantVault,
  userId: string,
): Promise<void> {
  const { email, locale } = await peers.client(MailboxService).getMailbox({ userId }, forward(call));
  const tenant = { tenantId: call.tenantId, vault };
  const mail = mailer.prepare(tenant, MailKind.PASSWORD_CHANGED, { to: email, locale }, clock() + toldWithin);
  await store.tenant(call.tenantId).commit([mail.write], []);
  await mail.queue();
}
