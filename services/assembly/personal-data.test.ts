import { expect, test } from "vitest";
import { personalCollections as ofAdmin } from "../admin/personal-data.ts";
import { personalCollections as ofAuth } from "../auth/personal-data.ts";
import { personalCollections as ofIdentity } from "../identity/users/personal-data.ts";
import { personalCollections as ofOauth } from "../oauth/personal-data.ts";
import { personalCollections as ofSession } from "../session/personal-data.ts";
import { allCollections } from "./data.ts";

/** Collections that hang on others of these. */
const within = ["auth_factor_uses", "session_clients", "session_uses", "admin_credential_uses", "identity_groups"];

/** What is in no archive of a person, and why. */
const left: Readonly<Record<string, string>> = {
  // The person is the archive's `user`.
  identity_users: "they are the archive's own member",
  // Ends within minutes or a day, and is found by the hash of a secret that nobody keeps.
  auth_flows: "ends in minutes",
  auth_login_handles: "ends in minutes",
  auth_enrolments: "ends in minutes",
  auth_otp_challenges: "ends in minutes",
  auth_mailbox_proofs: "ends in a day, or with the invitation that it is of",
  auth_email_changes: "ends in a day",
  auth_mail_jobs: "sealed, and gone when it was sent",
  auth_due_mails: "names no person",
  auth_shown_mails: "development only, for an hour",
  auth_known_devices: "hashes that name nobody",
  oauth_authorizations: "ends in minutes",
  oauth_pushed_requests: "ends in minutes",
  oauth_pending_logouts: "ends in minutes",
  session_codes: "ends in a minute",
  session_device_codes: "ends in minutes",
  // Answers to repeats, sealed, for a day.
  identity_requests: "sealed, for a day",
  auth_requests: "sealed, for a day",
  oauth_requests: "sealed, for a day",
  session_requests: "sealed, for a day",
  admin_requests: "sealed, for a day",
  // How often everything of somebody was voided, and when they are to be erased: their id and a number.
  session_epochs: "a number by their id",
  identity_purges: "the person's purge_time says it",
  admin_person_events: "where in the log their events are, which are the archive's own member: their id and numbers",
  admin_owners: "the one claim on the instance: their id",
  // About no person.
  identity_attribute_schemas: "of the tenant",
  identity_password_policies: "of the tenant",
  identity_username_policies: "of the tenant",
  identity_roles: "of the tenant",
  identity_graphs: "of the tenant",
  identity_invitations: "of who is no user yet; gone when they accept, or when whoever has the address is erased",
  auth_policies: "of the tenant",
  auth_mail_templates: "of the tenant",
  auth_mail_settings: "of the tenant",
  auth_mail_servers: "of the tenant",
  admin_brandings: "of the tenant",
  oauth_clients: "of the tenant",
  oauth_resource_servers: "of the tenant",
  oauth_policies: "of the tenant",
  oauth_initial_access_tokens: "of the tenant",
  oauth_signing_keys: "of the tenant",
  oauth_past_signing_keys: "of the tenant",
  oauth_subject_keys: "of the tenant: a pairwise subject is computed, and nothing of it is kept for a person",
  oauth_key_schedules: "of the tenant",
  oauth_logout_schedules: "of the tenant",
  session_schedules: "of the tenant",
  session_revoked_tokens: "of clients that act for themselves",
  session_used_proofs: "hashes",
  admin_tenants: "of the instance",
  admin_served_origins: "of the instance",
  admin_tenant_domains: "of the instance",
  admin_api_keys: "of the tenant",
  vault_tenant_keys: "of the tenant",
};

test("whatever is stored is in the archive of a person, or says here why not", () => {
  const told = [ofAdmin, ofAuth, ofIdentity, ofOauth, ofSession].flat().map(({ collection }) => collection.name);
  const known = new Set([...told, ...within, ...Object.keys(left)]);
  const own = allCollections.map(({ name }) => name).filter((name) => !/^(host|store|log)_/.test(name));
  expect(own.filter((name) => !known.has(name))).toEqual([]);
  expect(told.filter((name) => left[name] !== undefined)).toEqual([]);
});
