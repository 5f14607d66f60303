import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { registered, registrationPath } from "./registered-client.ts";
import {
  authorizationRequest,
  clientRequest,
  createPerson,
  type Instance,
  initialAccessToken,
  password,
  pushRequest,
  registerClient,
  registration,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
} from "../../support/relying-party.ts";
import { mailedToken } from "../../support/dev-mail.ts";
import { authorizeDevice, decideDevice, enterUserCode, registerDevice, shownSession } from "../../support/device.ts";
import { addPasskey, addTotp, beginPasskey, finishPasskey, totpCode } from "../../support/factors.ts";
import { directFlows, flowStep, startFlow } from "../../support/direct-flows.ts";
import { httpBrowser } from "../../support/http-browser.ts";
import { confirmLogout, questionOn, requestLogout } from "../../support/logout.ts";
import { softwareAuthenticator } from "../../support/software-authenticator.ts";
import { otpWrites } from "./otp-writes.ts";
import { simpleRequiredActions } from "./required-action-writes.ts";
import type { PublicWrite } from "./public-write.ts";
import { tenantWrites } from "./tenant-writes.ts";

let made = 0;
const fresh = (): string => `made-${(made += 1)}`;

/** A person who has just signed in. */
async function somebody(server: Instance): Promise<{ readonly id: string; readonly accessToken: string }> {
  const [{ id, username }, client] = [await createPerson(server), await registerClient(server)];
  return { id, accessToken: (await tokensFor(server, client, username)).accessToken };
}

async function resourceServerPath(server: Instance): Promise<string> {
  const { json } = await rest(server, "POST", "/v1/resource-servers", { identifier: `https://${fresh()}.example.com` });
  return `/v1/resource-servers/${String(json["id"])}`;
}

/** The access token of a person who may make tokens for their own programs. */
async function tokenMaker(server: Instance): Promise<string> {
  const scope = "openid tokens.write";
  const [{ username }, client] = [await createPerson(server), await registerClient(server, { scope })];
  return (await tokensFor(server, client, username, { parameters: { scope } })).accessToken;
}

/** A new role; answers its path. */
async function rolePath(server: Instance): Promise<string> {
  const { json } = await rest(server, "POST", "/v1/roles", { name: fresh() });
  return `/v1/roles/${String(json["id"])}`;
}

/** A new group; answers its path. */
async function groupPath(server: Instance): Promise<string> {
  const { json } = await rest(server, "POST", "/v1/groups", { name: fresh() });
  return `/v1/groups/${String(json["id"])}`;
}

/** A client that cannot be told of a logout: the id of its delivery, once it has failed and waits for its next time. */
async function aDelivery(server: Instance): Promise<string> {
  const { username } = await createPerson(server);
  const client = await registerClient(server, { backchannel_logout_uri: "https://localhost/logout" });
  const { browser, idToken } = await tokensFor(server, client, username);
  await requestLogout(server, browser, { id_token_hint: idToken });
  const delivery = async () => {
    const { json } = await rest(server, "GET", `/v1/logout-deliveries?client_id=${client.clientId}`);
    const [found] = json["deliveries"] as readonly { readonly id: string; readonly attempts?: number }[];
    return found;
  };
  await expect.poll(async () => (await delivery())?.attempts, { timeout: 20_000 }).toBe(1);
  return (await delivery())?.id ?? "";
}

/** Lets people open accounts. */
async function allowSignUp(server: Instance): Promise<void> {
  const change = { sign_up_allowed: true };
  expect((await rest(server, "PATCH", "/v1/admin/policies/authentication", change)).status).toBe(200);
}

/** Writes on the public doors that one service does alone: a crash leaves them done or not done. */
export const simpleWrites: readonly PublicWrite[] = [
  {
    name: "Create a user",
    covers: ["koder.identity.v1.UserService/CreateUser"],
    prepare: async (server) => {
      const path = `/v1/users?request_id=${randomUUID()}`;
      const user = { username: fresh(), password };
      return { call: async () => (await rest(server, "POST", path, user)).status };
    },
  },
  {
    name: "Ask for a new password",
    covers: ["koder.auth.v1.RecoveryService/StartRecovery"],
    prepare: async (server) => {
      const { username } = await createPerson(server);
      return { call: async () => (await rest(server, "POST", "/v1/auth/recovery", { username }, "")).status };
    },
  },
  {
    name: "Ask for an account of one's own",
    covers: ["koder.auth.v1.SignUpService/StartSignUp"],
    prepare: async (server) => {
      await allowSignUp(server);
      const asked = { email: `${fresh()}@example.com` };
      return { call: async () => (await rest(server, "POST", "/v1/auth/sign-up", asked, "")).status };
    },
  },
  {
    name: "Ask to verify an address",
    covers: ["koder.auth.v1.EmailService/SendEmailVerification"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      return { call: async () => (await rest(server, "POST", `/v1/users/${id}/email/verify`, {})).status };
    },
  },
  {
    name: "Mail a reset of a password",
    covers: ["koder.auth.v1.RecoveryService/SendPasswordReset"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      return { call: async () => (await rest(server, "POST", `/v1/users/${id}/password/reset`, {})).status };
    },
  },
  {
    name: "Ask for another address",
    covers: ["koder.auth.v1.EmailService/StartEmailChange"],
    prepare: async (server) => {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken } = await tokensFor(server, client, username);
      const address = { email: `${fresh()}@example.com` };
      const path = "/v1/users/me/email/change";
      return { call: async () => (await rest(server, "POST", path, address, accessToken)).status };
    },
  },
  {
    name: "End one session of a person",
    covers: ["koder.session.v1.SessionService/RevokeUserSession"],
    prepare: async (server) => {
      const [{ id, username }, client] = [await createPerson(server), await registerClient(server)];
      await tokensFor(server, client, username);
      const { json } = await rest(server, "GET", `/v1/users/${id}/sessions`);
      const [session] = json["sessions"] as readonly { readonly id: string }[];
      const path = `/v1/users/${id}/sessions/${session?.id ?? "none"}`;
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "End one's other sessions",
    covers: ["koder.session.v1.SessionService/RevokeOtherSessions"],
    prepare: async (server) => {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      await tokensFor(server, client, username);
      const { accessToken } = await tokensFor(server, client, username);
      const path = "/v1/me/sessions/revoke-others";
      return { call: async () => (await rest(server, "POST", path, {}, accessToken)).status };
    },
  },
  {
    name: "Change a user's profile",
    covers: ["koder.identity.v1.UserService/UpdateUser"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      return { call: async () => (await rest(server, "PATCH", `/v1/users/${id}`, { name: "Another Name" })).status };
    },
  },
  {
    name: "Start a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/StartFlow"],
    prepare: async (server) => {
      const { username, client } = await directFlows(server);
      return { call: async () => (await flowStep(server, "", { client_id: client.clientId, username })).status };
    },
  },
  {
    name: "Give a flow outside of the pages a code",
    covers: ["koder.auth.v1.FlowService/GiveTotp", "koder.auth.v1.FlowService/GiveRecoveryCode"],
    prepare: async (server) => {
      const { username, client } = await directFlows(server);
      const { accessToken } = await tokensFor(server, client, username);
      const { secret } = await addTotp(server, accessToken);
      const flow = await startFlow(server, client, username);
      expect((await flowStep(server, `/${flow}/password`, { password })).status).toBe(200);
      return { call: async () => (await flowStep(server, `/${flow}/totp`, { code: totpCode(secret) })).status };
    },
  },
  {
    name: "Give a flow outside of the pages a passkey",
    covers: ["koder.auth.v1.FlowService/GivePasskey"],
    prepare: async (server) => {
      const { username, client } = await directFlows(server);
      const { accessToken } = await tokensFor(server, client, username);
      const { authenticator } = await addPasskey(server, accessToken);
      const flow = await startFlow(server, client, "");
      const { json } = await rest(server, "GET", `/v1/auth/flows/${flow}/passkey`, undefined, "");
      const credential_json = authenticator.get(String(json["options_json"]));
      return { call: async () => (await flowStep(server, `/${flow}/passkey`, { credential_json })).status };
    },
  },
  {
    name: "Begin to add a passkey",
    covers: ["koder.auth.v1.FactorService/BeginPasskeyRegistration"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      const path = "/v1/users/me/mfa/webauthn/register/begin";
      return { call: async () => (await rest(server, "POST", path, {}, accessToken)).status };
    },
  },
  {
    name: "Add a passkey",
    covers: ["koder.auth.v1.FactorService/FinishPasskeyRegistration"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      const { factorId, optionsJson } = await beginPasskey(server, accessToken);
      const credential = softwareAuthenticator({ origin: server.url }).create(optionsJson);
      return { call: async () => (await finishPasskey(server, accessToken, factorId, credential)).status };
    },
  },
  {
    name: "Rename a factor",
    covers: ["koder.auth.v1.FactorService/UpdateFactor"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      const path = `/v1/users/me/mfa/${(await addTotp(server, accessToken)).factorId}`;
      const renamed = { display_name: "Spare phone" };
      return { call: async () => (await rest(server, "PATCH", path, renamed, accessToken)).status };
    },
  },
  ...otpWrites,
  ...simpleRequiredActions,
  {
    name: "Begin to add an authenticator app",
    covers: ["koder.auth.v1.FactorService/EnrolTotp"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      return { call: async () => (await rest(server, "POST", "/v1/users/me/mfa/totp", {}, accessToken)).status };
    },
  },
  {
    name: "Confirm an authenticator app",
    covers: ["koder.auth.v1.FactorService/ConfirmTotp"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      const { json } = await rest(server, "POST", "/v1/users/me/mfa/totp", {}, accessToken);
      const path = "/v1/users/me/mfa/totp/verify";
      const body = { factor_id: json["factor_id"], code: totpCode(String(json["secret"])) };
      return { call: async () => (await rest(server, "POST", path, body, accessToken)).status };
    },
  },
  {
    name: "Make recovery codes",
    covers: ["koder.auth.v1.FactorService/GenerateRecoveryCodes"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      return {
        call: async () => (await rest(server, "POST", "/v1/users/me/mfa/recovery-codes", {}, accessToken)).status,
      };
    },
  },
  {
    name: "Remove a factor",
    covers: ["koder.auth.v1.FactorService/DeleteFactor"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      const { factorId } = await addTotp(server, accessToken);
      const path = `/v1/users/me/mfa/${factorId}`;
      return { call: async () => (await rest(server, "DELETE", path, undefined, accessToken)).status };
    },
  },
  {
    name: "Reset a person's factors",
    covers: ["koder.auth.v1.FactorService/ResetFactors"],
    prepare: async (server) => {
      const { id, accessToken } = await somebody(server);
      await addTotp(server, accessToken);
      return { call: async () => (await rest(server, "DELETE", `/v1/users/${id}/mfa`)).status };
    },
  },
  {
    name: "Restore a user",
    covers: ["koder.identity.v1.UserService/RestoreUser"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      await rest(server, "DELETE", `/v1/users/${id}`);
      return { call: async () => (await rest(server, "POST", `/v1/users/${id}/restore`, {})).status };
    },
  },
  {
    name: "Purge a user",
    covers: ["koder.identity.v1.UserService/PurgeUser"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      await rest(server, "DELETE", `/v1/users/${id}`);
      return { call: async () => (await rest(server, "POST", `/v1/users/${id}/purge`, {})).status };
    },
  },
  {
    name: "Create an API key",
    covers: ["koder.admin.v1.ApiKeyService/CreateApiKey"],
    prepare: (server) => {
      const path = `/v1/admin/api-keys?request_id=${randomUUID()}`;
      return Promise.resolve({
        call: async () => (await rest(server, "POST", path, { permissions: ["users.read"] })).status,
      });
    },
  },
  {
    name: "Delete an API key",
    covers: ["koder.admin.v1.ApiKeyService/DeleteApiKey"],
    prepare: async (server) => {
      const { json } = await rest(server, "POST", "/v1/admin/api-keys", { permissions: ["users.read"] });
      const path = `/v1/admin/api-keys/${String(json["id"])}`;
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Make a personal access token",
    covers: ["koder.admin.v1.PersonalAccessTokenService/CreatePersonalAccessToken"],
    prepare: async (server) => {
      const accessToken = await tokenMaker(server);
      const path = `/v1/users/me/tokens?request_id=${randomUUID()}`;
      return { call: async () => (await rest(server, "POST", path, {}, accessToken)).status };
    },
  },
  {
    name: "Delete a personal access token",
    covers: ["koder.admin.v1.PersonalAccessTokenService/DeletePersonalAccessToken"],
    prepare: async (server) => {
      const accessToken = await tokenMaker(server);
      const { json } = await rest(server, "POST", "/v1/users/me/tokens", {}, accessToken);
      const path = `/v1/users/me/tokens/${String(json["id"])}`;
      return { call: async () => (await rest(server, "DELETE", path, undefined, accessToken)).status };
    },
  },
  {
    name: "Create a role",
    covers: ["koder.identity.v1.RoleService/CreateRole"],
    prepare: (server) => {
      const path = `/v1/roles?request_id=${randomUUID()}`;
      const role = { name: fresh(), permissions: ["posts.write"] };
      return Promise.resolve({ call: async () => (await rest(server, "POST", path, role)).status });
    },
  },
  {
    name: "Change a role",
    covers: ["koder.identity.v1.RoleService/UpdateRole"],
    prepare: async (server) => {
      const path = await rolePath(server);
      const change = { included_role_ids: ["support"] };
      return { call: async () => (await rest(server, "PATCH", path, change)).status };
    },
  },
  {
    name: "Delete a role",
    covers: ["koder.identity.v1.RoleService/DeleteRole"],
    prepare: async (server) => {
      const path = await rolePath(server);
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Give a role",
    covers: ["koder.identity.v1.RoleService/CreateRoleAssignment"],
    prepare: async (server) => {
      const path = `${await rolePath(server)}/assignments`;
      return { call: async () => (await rest(server, "POST", path, { client_id: "reporter" })).status };
    },
  },
  {
    name: "Take a role",
    covers: ["koder.identity.v1.RoleService/DeleteRoleAssignment"],
    prepare: async (server) => {
      const path = `${await rolePath(server)}/assignments`;
      const { json } = await rest(server, "POST", path, { client_id: "reporter" });
      return { call: async () => (await rest(server, "DELETE", `${path}/${String(json["id"])}`)).status };
    },
  },
  {
    name: "Take an invitation back",
    covers: ["koder.identity.v1.InvitationService/RevokeInvitation"],
    prepare: async (server) => {
      const { json } = await rest(server, "POST", "/v1/invitations", { email: `${fresh()}@example.com` });
      const path = `/v1/invitations/${String(json["id"])}`;
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Create a group",
    covers: ["koder.identity.v1.GroupService/CreateGroup"],
    prepare: (server) => {
      const path = `/v1/groups?request_id=${randomUUID()}`;
      const group = { name: fresh() };
      return Promise.resolve({ call: async () => (await rest(server, "POST", path, group)).status });
    },
  },
  {
    name: "Change a group",
    covers: ["koder.identity.v1.GroupService/UpdateGroup"],
    prepare: async (server) => {
      const path = await groupPath(server);
      return { call: async () => (await rest(server, "PATCH", path, { description: "Another." })).status };
    },
  },
  {
    name: "Delete a group",
    covers: ["koder.identity.v1.GroupService/DeleteGroup"],
    prepare: async (server) => {
      const path = await groupPath(server);
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Put somebody into a group",
    covers: ["koder.identity.v1.GroupService/AddGroupMember"],
    prepare: async (server) => {
      const path = `${await groupPath(server)}/members`;
      const { id } = await createPerson(server);
      return { call: async () => (await rest(server, "POST", path, { user_id: id })).status };
    },
  },
  {
    name: "Take somebody out of a group",
    covers: ["koder.identity.v1.GroupService/RemoveGroupMember"],
    prepare: async (server) => {
      const path = `${await groupPath(server)}/members`;
      const { id } = await createPerson(server);
      await rest(server, "POST", path, { user_id: id });
      return { call: async () => (await rest(server, "DELETE", `${path}/${id}`)).status };
    },
  },
  {
    name: "Create a client",
    covers: ["koder.oauth.v1.ClientService/CreateClient"],
    prepare: async (server) => {
      const client = { client_name: fresh(), redirect_uris: ["https://app.example.com/cb"] };
      return { call: async () => (await rest(server, "POST", "/v1/clients", client)).status };
    },
  },
  {
    name: "Create a resource server",
    covers: ["koder.oauth.v1.ResourceServerService/CreateResourceServer"],
    prepare: (server) => {
      const identifier = `https://${fresh()}.example.com`;
      const call = async () => (await rest(server, "POST", "/v1/resource-servers", { identifier })).status;
      return Promise.resolve({ call });
    },
  },
  {
    name: "Change a resource server",
    covers: ["koder.oauth.v1.ResourceServerService/UpdateResourceServer"],
    prepare: async (server) => {
      const path = await resourceServerPath(server);
      return { call: async () => (await rest(server, "PATCH", path, { display_name: fresh() })).status };
    },
  },
  {
    name: "Delete a resource server",
    covers: ["koder.oauth.v1.ResourceServerService/DeleteResourceServer"],
    prepare: async (server) => {
      const path = await resourceServerPath(server);
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Change a client's metadata",
    covers: ["koder.oauth.v1.ClientService/UpdateClient"],
    prepare: async (server) => {
      const { clientId } = await registerClient(server);
      const change = { client_name: fresh() };
      return { call: async () => (await rest(server, "PATCH", `/v1/clients/${clientId}`, change)).status };
    },
  },
  {
    name: "Enable a client",
    covers: ["koder.oauth.v1.ClientService/UpdateClient"],
    prepare: async (server) => {
      const { clientId } = await registerClient(server);
      const path = `/v1/clients/${clientId}`;
      expect((await rest(server, "PATCH", path, { disabled: true })).status).toBe(200);
      return { call: async () => (await rest(server, "PATCH", path, { disabled: false })).status };
    },
  },
  {
    name: "Create a secret of a client",
    covers: ["koder.oauth.v1.ClientService/CreateClientSecret"],
    prepare: async (server) => {
      const path = `/v1/clients/${(await registerClient(server)).clientId}/secrets?request_id=${randomUUID()}`;
      return { call: async () => (await rest(server, "POST", path, {})).status };
    },
  },
  {
    name: "Delete a secret of a client",
    covers: ["koder.oauth.v1.ClientService/DeleteClientSecret"],
    prepare: async (server) => {
      const path = `/v1/clients/${(await registerClient(server)).clientId}`;
      const { json } = await rest(server, "GET", path);
      const [secret] = json["secrets"] as { readonly id: string }[];
      return { call: async () => (await rest(server, "DELETE", `${path}/secrets/${secret?.id ?? ""}`)).status };
    },
  },
  ...tenantWrites,
  {
    name: "Change the policy for sign-ins",
    covers: ["koder.auth.v1.AuthenticationPolicyService/UpdateAuthenticationPolicy"],
    prepare: (server) => {
      const policy = { session_lifetime: "43200s" };
      return Promise.resolve({
        call: async () => (await rest(server, "PATCH", "/v1/admin/policies/authentication", policy)).status,
      });
    },
  },
  {
    name: "Export what is stored about a person",
    covers: ["koder.identity.v1.UserService/ExportUser"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      return { call: async () => (await rest(server, "POST", `/v1/users/${id}/export`, {})).status };
    },
  },
  {
    name: "Change the schema of attributes",
    covers: ["koder.identity.v1.AttributeSchemaService/UpdateAttributeSchema"],
    prepare: (server) => {
      const change = { schema: { properties: { plan: { type: "string" } } } };
      return Promise.resolve({
        call: async () => (await rest(server, "PATCH", "/v1/admin/attribute-schema", change)).status,
      });
    },
  },
  {
    name: "Change the policy for usernames",
    covers: ["koder.identity.v1.UsernamePolicyService/UpdateUsernamePolicy"],
    prepare: (server) =>
      Promise.resolve({
        call: async () => (await rest(server, "PATCH", "/v1/admin/policies/username", { max_length: 30 })).status,
      }),
  },
  {
    name: "Change the policy for passwords",
    covers: ["koder.identity.v1.PasswordPolicyService/UpdatePasswordPolicy"],
    prepare: (server) =>
      Promise.resolve({
        call: async () => (await rest(server, "PATCH", "/v1/admin/policies/password", { history: 3 })).status,
      }),
  },
  {
    name: "Change one's own profile",
    covers: ["koder.identity.v1.UserService/UpdateProfile"],
    prepare: async (server) => {
      const { accessToken } = await somebody(server);
      const change = { nickname: fresh() };
      return { call: async () => (await rest(server, "PATCH", "/v1/me", change, accessToken)).status };
    },
  },
  {
    name: "Set attributes of a user",
    covers: ["koder.identity.v1.UserService/UpdateUserAttributes"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      const change = { schema: { properties: { plan: { type: "string" } } } };
      await rest(server, "PATCH", "/v1/admin/attribute-schema", change);
      const attributes = { attributes: { plan: "gold" } };
      return { call: async () => (await rest(server, "PATCH", `/v1/users/${id}/attributes`, attributes)).status };
    },
  },
  {
    name: "Change from whom mails are",
    covers: ["koder.auth.v1.MailSettingsService/UpdateMailSettings"],
    prepare: (server) => {
      const path = "/v1/admin/mail-settings";
      return Promise.resolve({
        call: async () => (await rest(server, "PATCH", path, { sender_name: fresh() })).status,
      });
    },
  },
  {
    name: "Change the server that mails go out by",
    covers: ["koder.auth.v1.MailServerService/UpdateMailServer"],
    prepare: (server) =>
      Promise.resolve({
        // Back to the operator's, where the mails of the other writes are looked for.
        call: async () => (await rest(server, "PATCH", "/v1/admin/mail-server", { host: "" })).status,
      }),
  },
  {
    name: "Send a test mail",
    covers: ["koder.auth.v1.MailServerService/SendTestMail"],
    prepare: (server) =>
      Promise.resolve({
        async call() {
          const { status, json } = await rest(server, "POST", "/v1/admin/mail-server/test", { to: "a@example.com" });
          // It is counted before it is seen that there is no server: nothing else is ever committed.
          return JSON.stringify(json).includes("MAIL_SERVER_NOT_SET") ? 200 : status;
        },
      }),
  },
  {
    name: "Change what a mail says",
    covers: ["koder.auth.v1.MailTemplateService/UpdateMailTemplate"],
    prepare: (server) => {
      const path = "/v1/admin/mail-templates/invitation/es";
      return Promise.resolve({ call: async () => (await rest(server, "PATCH", path, { subject: fresh() })).status });
    },
  },
  {
    name: "Ask how strong a password is",
    covers: ["POST /password-strength"],
    prepare: async (server) => {
      await allowSignUp(server);
      const email = `${fresh()}@example.com`;
      await rest(server, "POST", "/v1/auth/sign-up", { email }, "");
      const body = new URLSearchParams({ token: await mailedToken(server, email), new_password: fresh() });
      return { call: async () => (await fetch(`${server.url}/password-strength`, { method: "POST", body })).status };
    },
  },
  {
    name: "Look at a mail before it is sent",
    covers: ["koder.auth.v1.MailTemplateService/PreviewMailTemplate"],
    prepare: (server) => {
      const path = "/v1/admin/mail-templates/invitation/es/preview";
      return Promise.resolve({ call: async () => (await rest(server, "POST", path, {})).status });
    },
  },
  {
    name: "Go back to what every tenant's mails say",
    covers: ["koder.auth.v1.MailTemplateService/DeleteMailTemplate"],
    prepare: async (server) => {
      const path = "/v1/admin/mail-templates/sign_up/es";
      expect((await rest(server, "PATCH", path, { subject: fresh() })).status).toBe(200);
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Change how a tenant looks",
    covers: ["koder.admin.v1.BrandingService/UpdateBranding"],
    prepare: (server) =>
      Promise.resolve({
        call: async () => (await rest(server, "PATCH", "/v1/admin/branding", { primary_color: "#7a1fa2" })).status,
      }),
  },
  {
    name: "Change the policy for clients",
    covers: ["koder.oauth.v1.OAuthPolicyService/UpdateOAuthPolicy"],
    prepare: (server) => {
      const policy = { logout_ends_offline_grants: false };
      return Promise.resolve({
        call: async () => (await rest(server, "PATCH", "/v1/admin/policies/oauth", policy)).status,
      });
    },
  },
  {
    name: "Create an initial access token",
    covers: ["koder.oauth.v1.InitialAccessTokenService/CreateInitialAccessToken"],
    prepare: (server) => {
      const path = `/v1/initial-access-tokens?request_id=${randomUUID()}`;
      return Promise.resolve({ call: async () => (await rest(server, "POST", path, {})).status });
    },
  },
  {
    name: "Delete an initial access token",
    covers: ["koder.oauth.v1.InitialAccessTokenService/DeleteInitialAccessToken"],
    prepare: async (server) => {
      const { json } = await rest(server, "POST", "/v1/initial-access-tokens", {});
      const path = `/v1/initial-access-tokens/${String(json["id"])}`;
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Register a client",
    covers: ["POST /oauth/v2/register"],
    prepare: async (server) => {
      const token = await initialAccessToken(server, { max_uses: 1 });
      const body = { redirect_uris: ["https://app.example.com/cb"] };
      return { call: async () => (await registration(server, "POST", { token, body })).status };
    },
  },
  {
    name: "Change a registration",
    covers: [`PUT ${registrationPath}`],
    prepare: async (server) => {
      const { clientId, token } = await registered(server);
      const body = { client_id: clientId, client_name: fresh(), redirect_uris: ["https://app.example.com/cb"] };
      return { call: async () => (await registration(server, "PUT", { clientId, token, body })).status };
    },
  },
  {
    name: "Rotate a signing key",
    covers: ["koder.oauth.v1.SigningKeyService/RotateSigningKey"],
    prepare: (server) =>
      Promise.resolve({ call: async () => (await rest(server, "POST", "/v1/admin/keys/rotate", {})).status }),
  },
  {
    name: "End a session",
    covers: ["koder.session.v1.SessionService/RevokeSession"],
    prepare: async (server) => {
      const [person, client] = [await createPerson(server), await registerClient(server)];
      await tokensFor(server, client, person.username);
      const { json } = await rest(server, "GET", `/v1/users/${person.id}/sessions`);
      const [session] = json["sessions"] as { readonly id: string }[];
      return { call: async () => (await rest(server, "DELETE", `/v1/sessions/${session?.id ?? ""}`)).status };
    },
  },
  {
    name: "End the sessions of a client",
    covers: ["koder.session.v1.SessionService/RevokeSessions"],
    prepare: async (server) => {
      const [person, client] = [await createPerson(server), await registerClient(server)];
      await tokensFor(server, client, person.username);
      const path = `/v1/sessions?client_id=${client.clientId}`;
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Sign a person out everywhere",
    covers: ["koder.session.v1.SessionService/RevokeUserSessions"],
    prepare: async (server) => {
      const { id } = await createPerson(server);
      return { call: async () => (await rest(server, "DELETE", `/v1/users/${id}/sessions`)).status };
    },
  },
  {
    name: "Ask to sign out",
    covers: ["POST /oidc/v1/end_session"],
    prepare: async (server) => {
      const { username } = await createPerson(server);
      const { browser } = await tokensFor(server, await registerClient(server), username);
      return { call: async () => (await browser.post(`${server.url}/oidc/v1/end_session`, {})).status };
    },
  },
  {
    name: "Say yes to signing out",
    covers: ["POST /logout"],
    prepare: async (server) => {
      const { username } = await createPerson(server);
      const { browser } = await tokensFor(server, await registerClient(server), username);
      const question = await questionOn(await requestLogout(server, browser));
      return { call: async () => (await confirmLogout(server, browser, question)).status };
    },
  },
  {
    name: "Have a client told again of a logout",
    covers: ["koder.oauth.v1.LogoutDeliveryService/RetryLogoutDelivery"],
    prepare: async (server) => {
      const path = `/v1/logout-deliveries/${await aDelivery(server)}/retry`;
      return { call: async () => (await rest(server, "POST", path, {})).status };
    },
  },
  {
    name: "Delete a logout delivery",
    covers: ["koder.oauth.v1.LogoutDeliveryService/DeleteLogoutDelivery"],
    prepare: async (server) => {
      const path = `/v1/logout-deliveries/${await aDelivery(server)}`;
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
  {
    name: "Get a token by client credentials",
    covers: ["grant_type client_credentials"],
    prepare: async (server) => {
      const client = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
      return { call: async () => (await tokenRequest(server, client, { grant_type: "client_credentials" })).status };
    },
  },
  {
    name: "Ask for an authorization, signed out",
    covers: ["GET /oauth/v2/authorize"],
    prepare: async (server) => {
      const { url } = authorizationRequest(server, await registerClient(server));
      return { call: async () => (await httpBrowser().get(url)).status };
    },
  },
  {
    name: "Ask for an authorization, signed in",
    covers: ["POST /oauth/v2/authorize"],
    prepare: async (server) => {
      const [person, client] = [await createPerson(server), await registerClient(server)];
      const { browser } = await signIn(server, client, person.username);
      const { url } = authorizationRequest(server, client);
      const { origin, pathname, searchParams } = new URL(url);
      return {
        call: async () => (await browser.post(`${origin}${pathname}`, Object.fromEntries(searchParams))).status,
      };
    },
  },
  {
    name: "Push an authorization request",
    covers: ["POST /oauth/v2/par"],
    prepare: async (server) => {
      const client = await registerClient(server);
      return { call: async () => (await pushRequest(server, client)).status };
    },
  },
  {
    name: "Introspect a token",
    covers: ["POST /oauth/v2/introspect"],
    prepare: async (server) => {
      const client = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
      const { json } = await tokenRequest(server, client, { grant_type: "client_credentials" });
      const form = { token: String(json["access_token"]) };
      return { call: async () => (await clientRequest(server, client, "/oauth/v2/introspect", form)).status };
    },
  },
  {
    name: "Revoke a client's own token",
    covers: ["POST /oauth/v2/revoke"],
    prepare: async (server) => {
      const client = await registerClient(server, { grant_types: ["client_credentials"], redirect_uris: [] });
      const { json } = await tokenRequest(server, client, { grant_type: "client_credentials" });
      const form = { token: String(json["access_token"]) };
      return { call: async () => (await clientRequest(server, client, "/oauth/v2/revoke", form)).status };
    },
  },
  {
    name: "Revoke a refresh token",
    covers: ["POST /oauth/v2/revoke"],
    prepare: async (server) => {
      const [client, { username }] = [await registerClient(server), await createPerson(server)];
      const { refreshToken } = await tokensFor(server, client, username);
      const form = { token: refreshToken };
      return { call: async () => (await clientRequest(server, client, "/oauth/v2/revoke", form)).status };
    },
  },
  {
    name: "Ask for a person's claims",
    covers: ["POST /oidc/v1/userinfo", "POST /oauth/v2/userinfo"],
    prepare: async (server) => {
      const { username } = await createPerson(server);
      const { accessToken } = await tokensFor(server, await registerClient(server), username);
      const body = new URLSearchParams({ access_token: accessToken });
      return { call: async () => (await fetch(`${server.url}/oidc/v1/userinfo`, { method: "POST", body })).status };
    },
  },
  {
    name: "Ask for a device's codes",
    covers: ["POST /oauth/v2/device_authorization"],
    prepare: async (server) => {
      const client = await registerDevice(server);
      return { call: async () => (await authorizeDevice(server, client)).status };
    },
  },
  {
    name: "Decide about a device",
    covers: ["POST /device/confirm"],
    prepare: async (server) => {
      const [person, client] = [await createPerson(server), await registerDevice(server)];
      const { userCode } = await authorizeDevice(server, client);
      const browser = httpBrowser();
      const authorization = await enterUserCode(server, person.username, userCode, browser);
      const session = await shownSession(server, browser, authorization);
      return { call: async () => (await decideDevice(server, browser, authorization, "allow", session)).status };
    },
  },
];
