import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { BrandingService } from "#gen/koder/admin/v1/branding_service_pb.ts";
import { TenantService } from "#gen/koder/admin/v1/tenant_service_pb.ts";
import { MailServerService } from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { MailSettingsService } from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { MailTemplateService } from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { AuthenticationPolicyService } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { AttributeSchemaService } from "#gen/koder/identity/v1/attribute_schema_service_pb.ts";
import { GroupService } from "#gen/koder/identity/v1/group_service_pb.ts";
import { PasswordPolicyService } from "#gen/koder/identity/v1/password_policy_service_pb.ts";
import { UsernamePolicyService } from "#gen/koder/identity/v1/username_policy_service_pb.ts";
import { RoleService } from "#gen/koder/identity/v1/role_service_pb.ts";
import { ClientService } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { OAuthPolicyService } from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { ResourceServerService } from "#gen/koder/oauth/v1/resource_server_service_pb.ts";

/** The clients of the services that a tenant's file is about. */
export interface TenantServices {
  readonly tenants: Client<typeof TenantService>;
  readonly clients: Client<typeof ClientService>;
  readonly resourceServers: Client<typeof ResourceServerService>;
  readonly roles: Client<typeof RoleService>;
  readonly groups: Client<typeof GroupService>;
  readonly oauthPolicy: Client<typeof OAuthPolicyService>;
  readonly attributeSchema: Client<typeof AttributeSchemaService>;
  readonly mailServer: Client<typeof MailServerService>;
  readonly mailSettings: Client<typeof MailSettingsService>;
  readonly mailTemplates: Client<typeof MailTemplateService>;
  readonly branding: Client<typeof BrandingService>;
  readonly authenticationPolicy: Client<typeof AuthenticationPolicyService>;
  readonly passwordPolicy: Client<typeof PasswordPolicyService>;
  readonly usernamePolicy: Client<typeof UsernamePolicyService>;
  /** The tenant, by id or slug, where it is named; the section `tenant` is about it. */
  readonly tenantId: string | undefined;
}

/** Those clients over one transport. */
export const tenantServices = (transport: Transport, tenantId: string | undefined): TenantServices => ({
  tenants: createClient(TenantService, transport),
  clients: createClient(ClientService, transport),
  resourceServers: createClient(ResourceServerService, transport),
  roles: createClient(RoleService, transport),
  groups: createClient(GroupService, transport),
  oauthPolicy: createClient(OAuthPolicyService, transport),
  attributeSchema: createClient(AttributeSchemaService, transport),
  mailServer: createClient(MailServerService, transport),
  mailSettings: createClient(MailSettingsService, transport),
  mailTemplates: createClient(MailTemplateService, transport),
  branding: createClient(BrandingService, transport),
  authenticationPolicy: createClient(AuthenticationPolicyService, transport),
  passwordPolicy: createClient(PasswordPolicyService, transport),
  usernamePolicy: createClient(UsernamePolicyService, transport),
  tenantId,
});
