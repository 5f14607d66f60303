import type { GuardedConnect } from "../host/outbound/guarded-connect.ts";
import type { Peers } from "../host/peers.ts";
import type { Tenants } from "../host/tenants.ts";
import type { Store } from "../store/store.ts";
import type { Vault } from "../vault/vault.ts";
import type { AttemptPolicy } from "./attempts.ts";
import type { EmailPolicy } from "./email/email-policy.ts";
import type { MailDeliveries } from "./mail/deliver-mails.ts";
import type { Mailer } from "./mail/queue-mail.ts";
import type { OwnServerTransport } from "./mail-server/own-server-transport.ts";
import type { OtpLimits } from "./otp/otp-limits.ts";
import type { RecoveryPolicy } from "./recovery/recovery-policy.ts";
import type { SignUpLimits } from "./sign-up/sign-up-limits.ts";
import type { AuthenticationPolicies } from "./policy/authentication-policies.ts";

/** How long a flow lives, in milliseconds. */
export const flowLifetime = 10 * 60_000;

/** How long a factor waits until its person confirms it, in milliseconds. */
export const enrolmentLifetime = 10 * 60_000;

/** What the use cases of the auth service need. */
export interface AuthDependencies {
  readonly store: Store;
  readonly vault: Vault;
  readonly peers: Peers;
  readonly tenants: Tenants;
  readonly attempts: AttemptPolicy;
  readonly recovery: RecoveryPolicy;
  readonly emailPolicy: EmailPolicy;
  readonly signUp: SignUpLimits;
  readonly otp: OtpLimits;
  /** Whether there is anybody who brings SMS to telephones. */
  readonly smsAvailable: boolean;
  /** Whether mails go out where a tenant has no server of its own. */
  readonly operatorsMail: boolean;
  readonly mailer: Mailer;
  readonly mailDeliveries: MailDeliveries;
  /** The way to mail servers that tenants name. */
  readonly mailConnect: GuardedConnect;
  readonly ownServers: OwnServerTransport;
  readonly policies: AuthenticationPolicies;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
