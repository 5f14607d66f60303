import type { Client, Transport } from "@connectrpc/connect";
import { ApiKeyService } from "../../gen/ts-public/koder/admin/v1/api_key_service_pb.ts";
import { BrandingService } from "../../gen/ts-public/koder/admin/v1/branding_service_pb.ts";
import { EventService } from "../../gen/ts-public/koder/admin/v1/event_service_pb.ts";
import { PersonalAccessTokenService } from "../../gen/ts-public/koder/admin/v1/personal_access_token_service_pb.ts";
import { SystemService } from "../../gen/ts-public/koder/admin/v1/system_service_pb.ts";
import { AuthenticationPolicyService } from "../../gen/ts-public/koder/auth/v1/authentication_policy_service_pb.ts";
import { MailServerService } from "../../gen/ts-public/koder/auth/v1/mail_server_service_pb.ts";
import { MailSettingsService } from "../../gen/ts-public/koder/auth/v1/mail_settings_service_pb.ts";
import { MailTemplateService } from "../../gen/ts-public/koder/auth/v1/mail_template_service_pb.ts";
import { FlowService } from "../../gen/ts-public/koder/auth/v1/flow_service_pb.ts";
import { FactorService } from "../../gen/ts-public/koder/auth/v1/factor_service_pb.ts";
import { AttributeSchemaService } from "../../gen/ts-public/koder/identity/v1/attribute_schema_service_pb.ts";
import { UsernamePolicyService } from "../../gen/ts-public/koder/identity/v1/username_policy_service_pb.ts";
import { PasswordPolicyService } from "../../gen/ts-public/koder/identity/v1/password_policy_service_pb.ts";
import { GroupService } from "../../gen/ts-public/koder/identity/v1/group_service_pb.ts";
import { RoleService } from "../../gen/ts-public/koder/identity/v1/role_service_pb.ts";
import { AccountService } from "../../gen/ts-public/koder/auth/v1/account_service_pb.ts";
import { EmailService } from "../../gen/ts-public/koder/auth/v1/email_service_pb.ts";
import { RecoveryService } from "../../gen/ts-public/koder/auth/v1/recovery_service_pb.ts";
import { SignUpService } from "../../gen/ts-public/koder/auth/v1/sign_up_service_pb.ts";
import { InvitationService } from "../../gen/ts-public/koder/identity/v1/invitation_service_pb.ts";
import { UserService } from "../../gen/ts-public/koder/identity/v1/user_service_pb.ts";
import { ClientService } from "../../gen/ts-public/koder/oauth/v1/client_service_pb.ts";
import { ResourceServerService } from "../../gen/ts-public/koder/oauth/v1/resource_server_service_pb.ts";
import { ConsentService } from "../../gen/ts-public/koder/oauth/v1/consent_service_pb.ts";
import { InitialAccessTokenService } from "../../gen/ts-public/koder/oauth/v1/initial_access_token_service_pb.ts";
import { OAuthPolicyService } from "../../gen/ts-public/koder/oauth/v1/oauth_policy_service_pb.ts";
import { LogoutDeliveryService } from "../../gen/ts-public/koder/oauth/v1/logout_delivery_service_pb.ts";
import { SigningKeyService } from "../../gen/ts-public/koder/oauth/v1/signing_key_service_pb.ts";
import { SessionService } from "../../gen/ts-public/koder/session/v1/session_service_pb.ts";
import { TenantService } from "../../gen/ts-public/koder/admin/v1/tenant_service_pb.ts";
import { createClient } from "./create-client.ts";

/** One typed client for each public service. Make one and keep it. */
export interface KoderId {
  /** Manages the users of a tenant. */
  readonly users: Client<typeof UserService>;
  /** Shows and changes which attributes of its own a tenant keeps of its people. */
  readonly attributeSchemas: Client<typeof AttributeSchemaService>;
  /** Shows and changes what a tenant asks of the passwords of its people. */
  readonly passwordPolicy: Client<typeof PasswordPolicyService>;
  /** Shows and changes which usernames a tenant takes. */
  readonly usernamePolicy: Client<typeof UsernamePolicyService>;
  /** Signs people in outside of the sign-in pages. */
  readonly flows: Client<typeof FlowService>;
  /** Manages the factors that people prove themselves by beside their password. */
  readonly factors: Client<typeof FactorService>;
  /** Invites people by mail. */
  readonly invitations: Client<typeof InvitationService>;
  /** Manages the groups of a tenant, and who is in them. */
  readonly groups: Client<typeof GroupService>;
  /** Manages the roles of a tenant, and who has them. */
  readonly roles: Client<typeof RoleService>;
  /** Lets people look after how they sign in. */
  readonly account: Client<typeof AccountService>;
  /** Has people prove that they read the mailbox of an address. */
  readonly email: Client<typeof EmailService>;
  /** Lets people who have lost their password choose another one. */
  readonly recovery: Client<typeof RecoveryService>;
  /** Lets people open an account by themselves. */
  readonly signUp: Client<typeof SignUpService>;
  /** Shows and changes what a tenant asks of the sign-ins of its people. */
  readonly authenticationPolicy: Client<typeof AuthenticationPolicyService>;
  /** Manages the clients of a tenant. */
  readonly clients: Client<typeof ClientService>;
  /** Manages the resource servers of a tenant: the APIs that its access tokens may be meant for. */
  readonly resourceServers: Client<typeof ResourceServerService>;
  /** Shows people what they have let clients have, and takes it back. */
  readonly consents: Client<typeof ConsentService>;
  /** Manages what lets whoever has it register clients. */
  readonly initialAccessTokens: Client<typeof InitialAccessTokenService>;
  /** Shows and changes what a tenant asks of all its clients. */
  readonly oauthPolicy: Client<typeof OAuthPolicyService>;
  /** Lists and rotates the keys that sign a tenant's tokens. */
  readonly signingKeys: Client<typeof SigningKeyService>;
  /** Shows which clients were told that sessions ended. */
  readonly logoutDeliveries: Client<typeof LogoutDeliveryService>;
  /** Lists and ends the sessions of a tenant's people. */
  readonly sessions: Client<typeof SessionService>;
  /** Manages the credentials of programs. */
  readonly apiKeys: Client<typeof ApiKeyService>;
  /** Tells what happened in a tenant. */
  readonly events: Client<typeof EventService>;
  /** Lets people make credentials for their own programs. */
  readonly personalAccessTokens: Client<typeof PersonalAccessTokenService>;
  /** Manages the tenants of the instance. */
  readonly tenants: Client<typeof TenantService>;
  /** Shows and changes how a tenant looks to its people. */
  readonly branding: Client<typeof BrandingService>;
  /** Shows, changes and tries the server that a tenant's mails go out by. */
  readonly mailServer: Client<typeof MailServerService>;
  /** Shows and changes from whom the mails of a tenant are. */
  readonly mailSettings: Client<typeof MailSettingsService>;
  /** Shows and changes what the mails say that a tenant's people get. */
  readonly mailTemplates: Client<typeof MailTemplateService>;
  /** Speaks for the instance as a whole. */
  readonly system: Client<typeof SystemService>;
}

/** The clients of every public service over one transport. */
export function servicesOver(transport: Transport): KoderId {
  return {
    users: createClient(UserService, transport),
    attributeSchemas: createClient(AttributeSchemaService, transport),
    passwordPolicy: createClient(PasswordPolicyService, transport),
    usernamePolicy: createClient(UsernamePolicyService, transport),
    flows: createClient(FlowService, transport),
    factors: createClient(FactorService, transport),
    invitations: createClient(InvitationService, transport),
    groups: createClient(GroupService, transport),
    roles: createClient(RoleService, transport),
    account: createClient(AccountService, transport),
    email: createClient(EmailService, transport),
    recovery: createClient(RecoveryService, transport),
    signUp: createClient(SignUpService, transport),
    authenticationPolicy: createClient(AuthenticationPolicyService, transport),
    clients: createClient(ClientService, transport),
    resourceServers: createClient(ResourceServerService, transport),
    consents: createClient(ConsentService, transport),
    initialAccessTokens: createClient(InitialAccessTokenService, transport),
    oauthPolicy: createClient(OAuthPolicyService, transport),
    signingKeys: createClient(SigningKeyService, transport),
    logoutDeliveries: createClient(LogoutDeliveryService, transport),
    sessions: createClient(SessionService, transport),
    apiKeys: createClient(ApiKeyService, transport),
    events: createClient(EventService, transport),
    personalAccessTokens: createClient(PersonalAccessTokenService, transport),
    tenants: createClient(TenantService, transport),
    branding: createClient(BrandingService, transport),
    mailServer: createClient(MailServerService, transport),
    mailSettings: createClient(MailSettingsService, transport),
    mailTemplates: createClient(MailTemplateService, transport),
    system: createClient(SystemService, transport),
  };
}
