import { createHash } from "node:crypto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { AuthenticationPolicySchema } from "#gen/koder/auth/store/v1/authentication_policy_pb.ts";
import {
  EnrolmentSchema,
  FactorSchema,
  FactorUseSchema,
  RecoveryCodesSchema,
} from "#gen/koder/auth/store/v1/factor_pb.ts";
import { KnownDeviceSchema } from "#gen/koder/auth/store/v1/known_device_pb.ts";
import { EmailChangeSchema, MailboxProofSchema } from "#gen/koder/auth/store/v1/mailbox_proof_pb.ts";
import { DueMailSchema, MailJobSchema, ShownMailSchema } from "#gen/koder/auth/store/v1/mail_pb.ts";
import { FlowSchema } from "#gen/koder/auth/store/v1/flow_pb.ts";
import { MailServerSchema } from "#gen/koder/auth/store/v1/mail_server_pb.ts";
import { MailSettingsSchema } from "#gen/koder/auth/store/v1/mail_settings_pb.ts";
import { MailTemplateSchema } from "#gen/koder/auth/store/v1/mail_template_pb.ts";
import { LoginHandleSchema } from "#gen/koder/auth/store/v1/login_handle_pb.ts";
import { OtpChallengeSchema } from "#gen/koder/auth/store/v1/otp_pb.ts";
import { RememberedDeviceSchema } from "#gen/koder/auth/store/v1/remembered_device_pb.ts";
import { AcceptedTermsSchema } from "#gen/koder/auth/store/v1/terms_pb.ts";
import { expireTimeOf } from "../store/expire-time.ts";
import type { Collection } from "../store/store.ts";

/** Authentication flows under way and just ended. */
export const flows: Collection<typeof FlowSchema> = {
  name: "auth_flows",
  schema: FlowSchema,
  id: (flow) => flow.idHash,
  expiresAt: expireTimeOf,
  events: "required",
};

/** What flows outside of browsers came to, until their clients use it. */
export const loginHandles: Collection<typeof LoginHandleSchema> = {
  name: "auth_login_handles",
  schema: LoginHandleSchema,
  id: (handle) => handle.handleHash,
  expiresAt: expireTimeOf,
  events: "none", // one-time proofs; their flow's event tells of them
};

/** The factors of people, found by their user; a passkey by its credential, too, which nobody else has. */
export const factors: Collection<typeof FactorSchema> = {
  name: "auth_factors",
  schema: FactorSchema,
  id: (factor) => factor.id,
  unique: {
    credential: {
      type: "text",
      value: ({ kind }) => (kind.case === "passkey" ? credentialKey(kind.value.credentialId) : undefined),
    },
  },
  indexes: { user_id: { type: "text", value: (factor) => factor.userId } },
  events: "required",
};

/** What a passkey is found by: credential ids are up to 1023 bytes, too long for an index. */
export const credentialKey = (credentialId: Uint8Array): string =>
  createHash("sha256").update(credentialId).digest("base64url");

/** What changes with each use of a factor: one row each, made and removed with it. */
export const factorUses: Collection<typeof FactorUseSchema> = {
  name: "auth_factor_uses",
  schema: FactorUseSchema,
  id: (use) => use.factorId,
  events: "none", // one-time codes, and last-use times
};

/** Factors to be, until their person shows that they have them; found by their user. */
export const enrolments: Collection<typeof EnrolmentSchema> = {
  name: "auth_enrolments",
  schema: EnrolmentSchema,
  id: (enrolment) => enrolment.id,
  indexes: { user_id: { type: "text", value: ({ userId }) => userId || undefined } },
  expiresAt: expireTimeOf,
  events: "none", // they expire by themselves, and nothing counts until then
};

/** One-time codes that were sent, until they are given; found by whom they were sent to. */
export const otpChallenges: Collection<typeof OtpChallengeSchema> = {
  name: "auth_otp_challenges",
  schema: OtpChallengeSchema,
  id: (challenge) => challenge.id,
  indexes: { user_id: { type: "text", value: ({ userId }) => userId || undefined } },
  expiresAt: expireTimeOf,
  events: "none", // one-time proofs; what they bring about has its own event
};

/** What is left of people's recovery codes: one row for a person. */
export const recoveryCodes: Collection<typeof RecoveryCodesSchema> = {
  name: "auth_recovery_codes",
  schema: RecoveryCodesSchema,
  id: (codes) => codes.userId,
  events: "required",
};

/** Browsers in which people have signed in: no state of the product, and gone by themselves. */
export const knownDevices: Collection<typeof KnownDeviceSchema> = {
  name: "auth_known_devices",
  schema: KnownDeviceSchema,
  id: (device) => device.idHash,
  expiresAt: expireTimeOf,
  events: "none",
};

/** Browsers in which people are asked for no second factor, found by their user. */
export const rememberedDevices: Collection<typeof RememberedDeviceSchema> = {
  name: "auth_remembered_devices",
  schema: RememberedDeviceSchema,
  id: (device) => device.idHash,
  indexes: { user_id: { type: "text", value: (device) => device.userId } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** What whoever reads a mailbox can show once, under the keyed hash of its secret; found by their user. */
export const mailboxProofs: Collection<typeof MailboxProofSchema> = {
  name: "auth_mailbox_proofs",
  schema: MailboxProofSchema,
  id: (proof) => proof.secretHash,
  indexes: { user_id: { type: "text", value: ({ userId }) => userId || undefined } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** Changes of address that wait for their confirmations, found by their user. */
export const emailChanges: Collection<typeof EmailChangeSchema> = {
  name: "auth_email_changes",
  schema: EmailChangeSchema,
  id: (change) => change.id,
  indexes: { user_id: { type: "text", value: ({ userId }) => userId || undefined } },
  expiresAt: expireTimeOf,
  events: "required",
};

/** Mails that wait to be sent: no state of the product, and gone with what they carry. */
export const mailJobs: Collection<typeof MailJobSchema> = {
  name: "auth_mail_jobs",
  schema: MailJobSchema,
  id: (job) => job.id,
  expiresAt: expireTimeOf,
  events: "none",
};

/** When each of them is to be looked at, in the system's space: found by its time across all tenants. */
export const dueMails: Collection<typeof DueMailSchema> = {
  name: "auth_due_mails",
  schema: DueMailSchema,
  id: (due) => due.jobId,
  indexes: { due_time: { type: "integer", value: ({ dueTime }) => (dueTime ? timestampMs(dueTime) : undefined) } },
  expiresAt: expireTimeOf,
  events: "none",
};

/** Mails that development shows. */
export const shownMails: Collection<typeof ShownMailSchema> = {
  name: "auth_shown_mails",
  schema: ShownMailSchema,
  id: (mail) => mail.id,
  expiresAt: expireTimeOf,
  events: "none",
};

/** The terms that people accepted last: one row for a person. */
export const acceptedTerms: Collection<typeof AcceptedTermsSchema> = {
  name: "auth_accepted_terms",
  schema: AcceptedTermsSchema,
  id: (accepted) => accepted.userId,
  events: "required",
};

/** What a tenant says in its mails, by kind and language, where it is not what every tenant's say. */
export const mailTemplates: Collection<typeof MailTemplateSchema> = {
  name: "auth_mail_templates",
  schema: MailTemplateSchema,
  id: ({ id }) => id,
  events: "required",
};

/** The one id of a tenant's settings of mails. */
export const mailSettingsId = "mail";

/** From whom a tenant's mails are: one record, absent while that is the operator's. */
export const mailSettings: Collection<typeof MailSettingsSchema> = {
  name: "auth_mail_settings",
  schema: MailSettingsSchema,
  id: ({ id }) => id,
  events: "required",
};

/** The one id of a tenant's mail server. */
export const mailServerId = "mail_server";

/** The server that a tenant's mails go out by: one record, absent while that is the operator's. */
export const mailServers: Collection<typeof MailServerSchema> = {
  name: "auth_mail_servers",
  schema: MailServerSchema,
  id: ({ id }) => id,
  events: "required",
};

/** The policy of a tenant for the sign-ins of its people: one record, absent while it is the default. */
export const authenticationPolicies: Collection<typeof AuthenticationPolicySchema> = {
  name: "auth_policies",
  schema: AuthenticationPolicySchema,
  id: (policy) => policy.id,
  events: "required",
};

/** The one id in there. */
export const authenticationPolicyId = "authentication";

/** Everything that the auth service stores. */
export const authCollections: readonly Collection[] = [
  flows,
  loginHandles,
  factors,
  factorUses,
  enrolments,
  otpChallenges,
  recoveryCodes,
  knownDevices,
  rememberedDevices,
  mailboxProofs,
  emailChanges,
  acceptedTerms,
  mailJobs,
  dueMails,
  shownMails,
  mailTemplates,
  mailSettings,
  mailServers,
  authenticationPolicies,
];
