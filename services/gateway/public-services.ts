import type { DescService } from "@bufbuild/protobuf";
import { ApiKeyService } from "#gen/koder/admin/v1/api_key_service_pb.ts";
import { BrandingService } from "#gen/koder/admin/v1/branding_service_pb.ts";
import { EventService } from "#gen/koder/admin/v1/event_service_pb.ts";
import { PersonalAccessTokenService } from "#gen/koder/admin/v1/personal_access_token_service_pb.ts";
import { SystemService } from "#gen/koder/admin/v1/system_service_pb.ts";
import { AuthenticationPolicyService } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { MailServerService } from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { MailSettingsService } from "#gen/koder/auth/v1/mail_settings_service_pb.ts";
import { MailTemplateService } from "#gen/koder/auth/v1/mail_template_service_pb.ts";
import { FlowService } from "#gen/koder/auth/v1/flow_service_pb.ts";
import { FactorService } from "#gen/koder/auth/v1/factor_service_pb.ts";
import { AttributeSchemaService } from "#gen/koder/identity/v1/attribute_schema_service_pb.ts";
import { GroupService } from "#gen/koder/identity/v1/group_service_pb.ts";
import { UsernamePolicyService } from "#gen/koder/identity/v1/username_policy_service_pb.ts";
import { PasswordPolicyService } from "#gen/koder/identity/v1/password_policy_service_pb.ts";
import { RoleService } from "#gen/koder/identity/v1/role_service_pb.ts";
import { AccountService } from "#gen/koder/auth/v1/account_service_pb.ts";
import { EmailService } from "#gen/koder/auth/v1/email_service_pb.ts";
import { RecoveryService } from "#gen/koder/auth/v1/recovery_service_pb.ts";
import { SignUpService } from "#gen/koder/auth/v1/sign_up_service_pb.ts";
import { InvitationService } from "#gen/koder/identity/v1/invitation_service_pb.ts";
import { UserService } from "#gen/koder/identity/v1/user_service_pb.ts";
import { ClientService } from "#gen/koder/oauth/v1/client_service_pb.ts";
import { ResourceServerService } from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { ConsentService } from "#gen/koder/oauth/v1/consent_service_pb.ts";
import { InitialAccessTokenService } from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { OAuthPolicyService } from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { LogoutDeliveryService } from "#gen/koder/oauth/v1/logout_delivery_service_pb.ts";
import { SigningKeyService } from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { SessionService } from "#gen/koder/session/v1/session_service_pb.ts";
import { TenantService } from "#gen/koder/admin/v1/tenant_service_pb.ts";

/** What the world may call: every proto service but those whose file ends in `_internal.proto`, which are for services only. */
export const publicServices: readonly DescService[] = [
  UserService,
  AttributeSchemaService,
  PasswordPolicyService,
  UsernamePolicyService,
  FlowService,
  FactorService,
  InvitationService,
  GroupService,
  RoleService,
  RecoveryService,
  EmailService,
  SignUpService,
  AuthenticationPolicyService,
  AccountService,
  ClientService,
  ResourceServerService,
  ConsentService,
  InitialAccessTokenService,
  OAuthPolicyService,
  SigningKeyService,
  LogoutDeliveryService,
  SessionService,
  ApiKeyService,
  EventService,
  PersonalAccessTokenService,
  TenantService,
  BrandingService,
  MailServerService,
  MailSettingsService,
  MailTemplateService,
  SystemService,
];
