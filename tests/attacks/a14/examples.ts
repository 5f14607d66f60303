import { expect } from "vitest";
import { addTotp, beginPasskey } from "../../support/factors.ts";
import { rememberedBrowser } from "../../support/remembered-browser.ts";
import { rest } from "../../support/relying-party.ts";
import type { TenantSide } from "./tenant-side.ts";

/** A request that works in the tenant where it was made, with every field that names a resource. */
export type Example = (side: TenantSide) => Promise<Record<string, unknown>>;

const none: Example = async () => ({});
const userId: Example = async (side) => ({ userId: await side.user() });
const deletedUserId: Example = async (side) => {
  const id = await side.user();
  expect((await rest(side, "DELETE", `/v1/users/${id}`)).status).toBe(200);
  return { userId: id };
};
const clientId: Example = async (side) => ({ clientId: await side.client() });
const userWithClient: Example = async (side) => {
  const { userId: id, client } = await side.signedIn();
  return { userId: id, clientId: client.clientId };
};
const ownUserId: Example = async ({ person }) => ({ userId: person.id });
const idOf = (json: Record<string, unknown>): string => String(json["id"]);

let made = 0;
const fresh = (): string => `made-${(made += 1)}`;

const role = async (side: TenantSide) =>
  idOf(await side.make("/v1/roles", { name: fresh(), display_name: side.marker, permissions: ["users.read"] }));
const group = async (side: TenantSide) =>
  idOf(await side.make("/v1/groups", { name: fresh(), display_name: side.marker }));
const invitationId: Example = async (side) => ({
  invitationId: idOf(await side.make("/v1/invitations", { email: `${fresh()}@invited.example`, name: side.marker })),
});
const groupId: Example = async (side) => ({ groupId: await group(side) });
const apiKey = ({ marker }: TenantSide) => ({ display_name: marker, permissions: ["users.read"] });
const resourceServer = async (side: TenantSide) => {
  const body = { identifier: `https://${fresh()}.example.com`, display_name: side.marker };
  return idOf(await side.make("/v1/resource-servers", body));
};
const sessionId: Example = async (side) => ({ sessionId: (await side.signedIn()).sessionId });
const roleId: Example = async (side) => ({ roleId: await role(side) });
const resourceServerId: Example = async (side) => ({ resourceServerId: await resourceServer(side) });

/** A client that could not be told of a logout. */
async function delivery(side: TenantSide): Promise<{ readonly deliveryId: string; readonly clientId: string }> {
  const { sessionId: id, client } = await side.signedIn();
  expect((await rest(side, "DELETE", `/v1/sessions/${id}`)).status).toBe(200);
  const find = async () => {
    const { json } = await rest(side, "GET", `/v1/logout-deliveries?client_id=${client.clientId}`);
    const [found] = (json["deliveries"] ?? []) as readonly { readonly id: string; readonly attempts?: number }[];
    return found;
  };
  await expect.poll(async () => (await find())?.attempts, { timeout: 20_000 }).toBe(1);
  return { deliveryId: (await find())?.id ?? "", clientId: client.clientId };
}
const deliveryId: Example = async (side) => ({ deliveryId: (await delivery(side)).deliveryId });

/** What a person has enrolled, not confirmed. */
const factor = async (side: TenantSide): Promise<string> => {
  const path = "/v1/users/me/mfa/totp";
  const { json } = await rest(side, "POST", path, { display_name: side.marker }, side.person.token);
  return String(json["factor_id"]);
};

const telephone = () => ({
  channel: "OTP_CHANNEL_SMS",
  phoneNumber: `+55117777${String((made += 1)).padStart(5, "0")}`,
});

const assignment = async (side: TenantSide) => {
  const [role_, user_id] = [await role(side), await side.user()];
  return { roleId: role_, assignmentId: idOf(await side.make(`/v1/roles/${role_}/assignments`, { user_id })) };
};

/** Requests of the calls that concern one tenant; a call that is not here has no test, and the suite says so. */
export const examples: Readonly<Record<string, Example>> = {
  "koder.identity.v1.UserService/CreateUser": async (side) => ({ user: { username: fresh(), name: side.marker } }),
  "koder.identity.v1.UserService/GetUser": userId,
  "koder.identity.v1.UserService/ListUsers": none,
  "koder.identity.v1.UserService/UpdateUser": async (side) => ({
    userId: await side.user(),
    user: { name: side.marker },
    updateMask: "name",
  }),
  "koder.identity.v1.UserService/UpdateProfile": async (side) => ({
    userId: side.person.id,
    user: { nickname: side.marker },
    updateMask: "nickname",
  }),
  "koder.identity.v1.UserService/UpdateUserAttributes": async (side) => ({
    userId: await side.user(),
    attributes: {},
  }),
  "koder.identity.v1.AttributeSchemaService/GetAttributeSchema": none,
  "koder.identity.v1.AttributeSchemaService/UpdateAttributeSchema": async () => ({
    attributeSchema: { schema: { properties: { plan: { type: "string" } } } },
    updateMask: "schema",
  }),
  "koder.identity.v1.UserService/SetUserPassword": async (side) => ({
    userId: await side.user(),
    password: "another correct horse battery",
  }),
  "koder.identity.v1.UserService/DeleteUser": userId,
  "koder.identity.v1.UserService/RestoreUser": deletedUserId,
  "koder.identity.v1.UserService/PurgeUser": deletedUserId,
  "koder.identity.v1.UserService/EraseUser": userId,
  "koder.identity.v1.InvitationService/CreateInvitation": async (side) => ({
    invitation: {
      email: `${fresh()}@invited.example`,
      name: side.marker,
      roleIds: [await role(side)],
      groupIds: [await group(side)],
    },
  }),
  "koder.identity.v1.InvitationService/GetInvitation": invitationId,
  "koder.identity.v1.InvitationService/ListInvitations": none,
  "koder.identity.v1.InvitationService/ResendInvitation": invitationId,
  "koder.identity.v1.InvitationService/RevokeInvitation": invitationId,
  "koder.identity.v1.UserService/ExportUser": userId,
  "koder.session.v1.SessionService/RevokeUserSession": async (side) => {
    const { userId: user, sessionId: session } = await side.signedIn();
    return { userId: user, sessionId: session };
  },
  "koder.session.v1.SessionService/RevokeOtherSessions": ownUserId,
  "koder.auth.v1.AccountService/ChangePassword": async ({ person }) => ({
    userId: person.id,
    currentPassword: "not the password",
    newPassword: "another correct horse battery",
  }),
  "koder.identity.v1.RoleService/CreateRole": async (side) => ({
    role: { name: fresh(), clientId: await side.client(), includedRoleIds: [await role(side)] },
  }),
  "koder.identity.v1.RoleService/GetRole": roleId,
  "koder.identity.v1.RoleService/ListRoles": clientId,
  "koder.identity.v1.RoleService/UpdateRole": async (side) => ({
    roleId: await role(side),
    role: { includedRoleIds: [await role(side)] },
    updateMask: "includedRoleIds",
  }),
  "koder.identity.v1.RoleService/DeleteRole": roleId,
  "koder.identity.v1.RoleService/CreateRoleAssignment": async (side) => ({
    roleId: await role(side),
    assignment: { userId: await side.user() },
  }),
  "koder.identity.v1.RoleService/ListRoleAssignments": async (side) => ({
    roleId: await role(side),
    userId: await side.user(),
  }),
  "koder.identity.v1.RoleService/DeleteRoleAssignment": assignment,
  "koder.identity.v1.RoleService/CheckPermission": async (side) => ({
    userId: await side.user(),
    permission: "users.read",
  }),
  "koder.identity.v1.RoleService/ListEffectivePermissions": userId,
  "koder.identity.v1.GroupService/CreateGroup": async (side) => ({
    group: { name: fresh(), displayName: side.marker },
  }),
  "koder.identity.v1.GroupService/GetGroup": groupId,
  "koder.identity.v1.GroupService/ListGroups": userId,
  "koder.identity.v1.GroupService/UpdateGroup": async (side) => ({
    groupId: await group(side),
    group: { displayName: side.marker },
    updateMask: "displayName",
  }),
  "koder.identity.v1.GroupService/DeleteGroup": groupId,
  "koder.identity.v1.GroupService/AddGroupMember": async (side) => ({
    groupId: await group(side),
    member: { userId: await side.user() },
  }),
  "koder.identity.v1.GroupService/ListGroupMembers": groupId,
  "koder.identity.v1.GroupService/RemoveGroupMember": async (side) => {
    const [id, user_id] = [await group(side), await side.user()];
    await side.make(`/v1/groups/${id}/members`, { user_id });
    return { groupId: id, memberId: user_id };
  },
  "koder.admin.v1.EventService/ListEvents": async (side) => ({
    resourceId: await side.user(),
    actorId: await side.user(),
    userId: await side.user(),
  }),
  "koder.admin.v1.ApiKeyService/CreateApiKey": async (side) => ({ apiKey: apiKey(side) }),
  "koder.admin.v1.ApiKeyService/ListApiKeys": none,
  "koder.admin.v1.ApiKeyService/DeleteApiKey": async (side) => ({
    apiKeyId: idOf(await side.make("/v1/admin/api-keys", apiKey(side))),
  }),
  "koder.admin.v1.PersonalAccessTokenService/CreatePersonalAccessToken": async (side) => ({
    userId: side.person.id,
    personalAccessToken: { displayName: side.marker, scopes: ["openid"] },
  }),
  "koder.admin.v1.PersonalAccessTokenService/ListPersonalAccessTokens": userId,
  "koder.admin.v1.PersonalAccessTokenService/DeletePersonalAccessToken": async (side) => {
    const body = { display_name: side.marker, scopes: ["openid"] };
    const { status, json } = await rest(side, "POST", "/v1/users/me/tokens", body, side.person.token);
    expect(status, JSON.stringify(json)).toBe(200);
    return { userId: side.person.id, personalAccessTokenId: idOf(json) };
  },
  "koder.identity.v1.PasswordPolicyService/GetPasswordPolicy": none,
  "koder.identity.v1.PasswordPolicyService/UpdatePasswordPolicy": async () => ({
    policy: { minLength: 20 },
    updateMask: "minLength",
  }),
  "koder.identity.v1.UsernamePolicyService/GetUsernamePolicy": none,
  "koder.identity.v1.UsernamePolicyService/UpdateUsernamePolicy": async () => ({
    policy: { maxLength: 40 },
    updateMask: "maxLength",
  }),
  "koder.auth.v1.AuthenticationPolicyService/GetAuthenticationPolicy": none,
  "koder.auth.v1.AuthenticationPolicyService/UpdateAuthenticationPolicy": async () => ({
    policy: { mfa: "MFA_REQUIREMENT_OPTIONAL" },
    updateMask: "mfa",
  }),
  "koder.auth.v1.EmailService/SendEmailVerification": userId,
  "koder.auth.v1.RecoveryService/SendPasswordReset": userId,
  "koder.auth.v1.EmailService/StartEmailChange": async (side) => ({
    userId: side.person.id,
    email: `${fresh()}@koder.dev`,
  }),
  "koder.auth.v1.FactorService/ListFactors": userId,
  "koder.auth.v1.FactorService/EnrolTotp": ownUserId,
  "koder.auth.v1.FactorService/ConfirmTotp": async (side) => ({
    userId: side.person.id,
    factorId: await factor(side),
    code: "000000",
  }),
  "koder.auth.v1.FactorService/ListRememberedDevices": userId,
  "koder.auth.v1.FactorService/DeleteRememberedDevice": async (side) => {
    const { id, deviceId } = await rememberedBrowser(side);
    return { userId: id, deviceId };
  },
  "koder.auth.v1.FactorService/EnrolOtp": async (side) => ({ userId: side.person.id, ...telephone() }),
  "koder.auth.v1.FactorService/ConfirmOtp": async (side) => {
    const asked = { channel: "OTP_CHANNEL_SMS", phone_number: telephone().phoneNumber };
    const { json } = await rest(side, "POST", "/v1/users/me/mfa/otp", asked, side.person.token);
    return { userId: side.person.id, factorId: String(json["factor_id"]), code: "none" };
  },
  "koder.auth.v1.FactorService/BeginPasskeyRegistration": ownUserId,
  "koder.auth.v1.FactorService/FinishPasskeyRegistration": async (side) => ({
    userId: side.person.id,
    factorId: (await beginPasskey(side, side.person.token)).factorId,
    credentialJson: "{}",
  }),
  "koder.auth.v1.FactorService/UpdateFactor": async (side) => ({
    userId: side.person.id,
    factorId: (await addTotp(side, side.person.token)).factorId,
    factor: { displayName: side.marker },
    updateMask: "displayName",
  }),
  "koder.auth.v1.FactorService/GenerateRecoveryCodes": ownUserId,
  "koder.auth.v1.FactorService/DeleteFactor": async (side) => ({
    userId: side.person.id,
    factorId: (await addTotp(side, side.person.token)).factorId,
  }),
  "koder.auth.v1.FactorService/ResetFactors": userId,
  "koder.oauth.v1.ClientService/CreateClient": async () => ({
    client: { clientId: `dev.${fresh()}`, redirectUris: ["https://app.example.com/cb"] },
  }),
  "koder.oauth.v1.ClientService/GetClient": clientId,
  "koder.oauth.v1.ClientService/ListClients": none,
  "koder.oauth.v1.ClientService/UpdateClient": async (side) => ({
    clientId: await side.client(),
    client: { clientName: side.marker },
    updateMask: "clientName",
  }),
  "koder.oauth.v1.ClientService/DeleteClient": clientId,
  "koder.oauth.v1.ClientService/CreateClientSecret": async (side) => ({ clientId: await side.client(), secret: {} }),
  "koder.oauth.v1.ClientService/DeleteClientSecret": async (side) => {
    const id = await side.client();
    const json = await side.make(`/v1/clients/${id}/secrets`, {});
    const secret = (json["secret"] ?? json) as { readonly id?: string };
    return { clientId: id, secretId: secret.id };
  },
  "koder.oauth.v1.ResourceServerService/CreateResourceServer": async (side) => ({
    resourceServer: {
      identifier: `https://${fresh()}.example.com`,
      displayName: side.marker,
      allowedClientIds: [await side.client()],
      introspectionClientIds: [await side.client()],
    },
  }),
  "koder.oauth.v1.ResourceServerService/GetResourceServer": resourceServerId,
  "koder.oauth.v1.ResourceServerService/ListResourceServers": none,
  "koder.oauth.v1.ResourceServerService/UpdateResourceServer": async (side) => ({
    resourceServerId: await resourceServer(side),
    resourceServer: { allowedClientIds: [await side.client()], introspectionClientIds: [await side.client()] },
    updateMask: "allowedClientIds,introspectionClientIds",
  }),
  "koder.oauth.v1.ResourceServerService/DeleteResourceServer": resourceServerId,
  "koder.oauth.v1.ConsentService/ListConsents": userId,
  "koder.oauth.v1.ConsentService/RevokeConsent": async (side) => ({
    userId: await side.user(),
    clientId: await side.client(),
  }),
  "koder.oauth.v1.InitialAccessTokenService/CreateInitialAccessToken": async () => ({ initialAccessToken: {} }),
  "koder.oauth.v1.InitialAccessTokenService/ListInitialAccessTokens": none,
  "koder.oauth.v1.InitialAccessTokenService/DeleteInitialAccessToken": async (side) => ({
    initialAccessTokenId: idOf(
      ((json) => (json["initial_access_token"] ?? json) as Record<string, unknown>)(
        await side.make("/v1/initial-access-tokens", { display_name: side.marker }),
      ),
    ),
  }),
  "koder.oauth.v1.OAuthPolicyService/GetOAuthPolicy": none,
  "koder.oauth.v1.OAuthPolicyService/UpdateOAuthPolicy": async () => ({
    policy: { logoutEndsOfflineGrants: false },
    updateMask: "logoutEndsOfflineGrants",
  }),
  "koder.auth.v1.MailServerService/GetMailServer": none,
  "koder.auth.v1.MailServerService/UpdateMailServer": async () => ({ mailServer: { host: "" }, updateMask: "host" }),
  "koder.auth.v1.MailServerService/SendTestMail": async () => ({ to: "somebody@example.com" }),
  "koder.auth.v1.MailSettingsService/GetMailSettings": none,
  "koder.auth.v1.MailSettingsService/UpdateMailSettings": async ({ marker }) => ({
    mailSettings: { senderName: marker },
    updateMask: "senderName",
  }),
  "koder.auth.v1.MailTemplateService/GetMailTemplate": async () => ({ kind: "invitation", language: "es" }),
  "koder.auth.v1.MailTemplateService/ListMailTemplates": none,
  "koder.auth.v1.MailTemplateService/UpdateMailTemplate": async ({ marker }) => ({
    kind: "invitation",
    language: "es",
    mailTemplate: { subject: marker },
    updateMask: "subject",
  }),
  "koder.auth.v1.MailTemplateService/DeleteMailTemplate": async () => ({ kind: "sign_up", language: "es" }),
  "koder.auth.v1.MailTemplateService/PreviewMailTemplate": async () => ({ kind: "invitation", language: "es" }),
  "koder.admin.v1.BrandingService/GetBranding": none,
  "koder.admin.v1.BrandingService/UpdateBranding": async ({ marker }) => ({
    branding: { displayName: marker },
    updateMask: "displayName",
  }),
  "koder.oauth.v1.SigningKeyService/ListSigningKeys": none,
  "koder.oauth.v1.SigningKeyService/RotateSigningKey": none,
  "koder.oauth.v1.LogoutDeliveryService/ListLogoutDeliveries": async (side) => ({
    clientId: (await delivery(side)).clientId,
  }),
  "koder.oauth.v1.LogoutDeliveryService/RetryLogoutDelivery": deliveryId,
  "koder.oauth.v1.LogoutDeliveryService/DeleteLogoutDelivery": deliveryId,
  "koder.session.v1.SessionService/GetSession": sessionId,
  "koder.session.v1.SessionService/ListSessions": userWithClient,
  "koder.session.v1.SessionService/RevokeSessions": userWithClient,
  "koder.session.v1.SessionService/RevokeSession": sessionId,
  "koder.session.v1.SessionService/RevokeUserSessions": userId,
};

/** Calls whose example is refused for what has nothing to do with tenants, and by which reason. */
export const refusedAnyway: Readonly<Record<string, string>> = {
  // Not the password that it asks for.
  "koder.auth.v1.AccountService/ChangePassword": "PASSWORD_MISMATCH",
  // There is none of its own.
  "koder.auth.v1.MailServerService/SendTestMail": "MAIL_SERVER_NOT_SET",
  // A guess of a code.
  "koder.auth.v1.FactorService/ConfirmTotp": "CODE_MISMATCH",
  "koder.auth.v1.FactorService/ConfirmOtp": "CODE_MISMATCH",
  // No credential.
  "koder.auth.v1.FactorService/FinishPasskeyRegistration": "PASSKEY_NOT_ACCEPTED",
};

/** Other examples of the same call, for fields of which only one may be sent. */
export const alternatives: Readonly<Record<string, readonly Example[]>> = {
  "koder.identity.v1.GroupService/AddGroupMember": [
    async (side) => ({ groupId: await group(side), member: { memberGroupId: await group(side) } }),
  ],
  "koder.identity.v1.GroupService/ListGroups": [async (side) => ({ memberGroupId: await group(side) })],
  "koder.identity.v1.RoleService/CreateRoleAssignment": [
    async (side) => ({ roleId: await role(side), assignment: { clientId: await side.client() } }),
    async (side) => ({ roleId: await role(side), assignment: { groupId: await group(side) } }),
  ],
  "koder.identity.v1.RoleService/ListRoleAssignments": [
    async (side) => ({ roleId: await role(side), clientId: await side.client() }),
    async (side) => ({ roleId: await role(side), groupId: await group(side) }),
  ],
  "koder.identity.v1.RoleService/CheckPermission": [
    async (side) => ({ clientId: await side.client(), permission: "users.read" }),
  ],
  "koder.identity.v1.RoleService/ListEffectivePermissions": [clientId],
};

/** Fields that no example has, and why. */
export const leftOut: Readonly<Record<string, string>> = {
  "koder.identity.v1.RoleService/CreateRoleAssignment assignment.roleId": "the role is named by role_id",
  "koder.identity.v1.GroupService/AddGroupMember member.groupId": "the group is named by group_id",
  "koder.identity.v1.RoleService/UpdateRole role.clientId": "cannot be changed",
  "koder.oauth.v1.ClientService/UpdateClient client.clientId": "cannot be changed",
  "koder.oauth.v1.ClientService/CreateClient client.softwareId": "a name of the application's own (RFC 7591 §2)",
  "koder.oauth.v1.ClientService/UpdateClient client.softwareId": "a name of the application's own (RFC 7591 §2)",
};
