/** How an endpoint tells what was wrong. */
export type AnswerForm =
  /** `{ "error": { "reason", "message", "id" } }` */
  | "rest"
  /** RFC 6749 §5.2 */
  | "oauth"
  /** A page for people */
  | "page"
  /** Connect's own JSON */
  | "connect";

/** One public endpoint, and everything that it may answer to whatever is sent. */
export interface PublicEndpoint {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: string;
  readonly forms: readonly AnswerForm[];
  /** REST and Connect reasons, OAuth error codes. A success needs none. */
  readonly reasons: readonly string[];
  /** Names that its parameters have; a fuzzer mixes them with others. */
  readonly parameters: readonly string[];
}

/** What the gateway itself answers, before an endpoint is reached. */
const gatewayReasons = [
  "NOT_FOUND",
  "METHOD_NOT_ALLOWED",
  "HOST_UNKNOWN",
  "TENANT_NOT_FOUND",
  "BODY_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
  "INVALID_REQUEST",
  "TENANT_HEADER_REFUSED",
];
const credentialReasons = ["CREDENTIAL_MISSING", "CREDENTIAL_INVALID", "PERMISSION_DENIED"];
const rest = (
  method: PublicEndpoint["method"],
  path: string,
  parameters: readonly string[],
  reasons: readonly string[] = [],
): PublicEndpoint => ({
  method,
  path,
  forms: ["rest", "page"],
  parameters,
  reasons: [...gatewayReasons, ...credentialReasons, ...reasons],
});
const standard = (
  method: PublicEndpoint["method"],
  path: string,
  parameters: readonly string[],
  reasons: readonly string[],
  forms: readonly AnswerForm[] = ["oauth", "rest", "page"],
): PublicEndpoint => ({ method, path, forms, parameters, reasons: [...gatewayReasons, ...reasons] });

const authorizeParameters = [
  "response_type",
  "client_id",
  "redirect_uri",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "prompt",
  "max_age",
  "login_hint",
  "ui_locales",
  "request",
  "request_uri",
  "response_mode",
  "resource",
  "acr_values",
  "claims",
  "claims_locales",
  "display",
  "id_token_hint",
  "dpop_jkt",
  "registration",
];
const endSessionParameters = [
  "id_token_hint",
  "client_id",
  "post_logout_redirect_uri",
  "state",
  "logout_hint",
  "ui_locales",
];
const tokenParameters = [
  "grant_type",
  "code",
  "redirect_uri",
  "code_verifier",
  "refresh_token",
  "device_code",
  "scope",
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
  "resource",
];
const tokenAboutParameters = ["token", "token_type_hint", "client_id", "client_secret"];
const tokenErrors = [
  "invalid_request",
  "invalid_client",
  "invalid_dpop_proof",
  "use_dpop_nonce",
  "invalid_grant",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_scope",
  "invalid_target",
];
const userReasons = [
  "USER_NOT_FOUND",
  "USERNAME_TAKEN",
  "EMAIL_TAKEN",
  "USERNAME_NOT_ALLOWED",
  "PASSWORD_NOT_ALLOWED",
  "PASSWORD_HASH_NOT_SUPPORTED",
  "FIELD_NOT_WRITABLE",
  "ETAG_MISMATCH",
  "REQUEST_ID_REUSED",
];
const apiKeyFields = ["display_name", "permissions", "authority", "expire_time", "api_key", "id"];
const apiKeyReasons = ["API_KEY_NOT_FOUND", "API_KEY_INVALID", "API_KEY_LIMIT", "REQUEST_ID_REUSED"];
const tokenReasons = [
  "PERSONAL_ACCESS_TOKEN_NOT_FOUND",
  "PERSONAL_ACCESS_TOKEN_INVALID",
  "PERSONAL_ACCESS_TOKEN_LIMIT",
  "REQUEST_ID_REUSED",
];
const deletionReasons = ["USER_NOT_FOUND", "USER_NOT_DELETED", "USER_OWNS_INSTANCE", "ETAG_MISMATCH"];
const roleReasons = [
  "ROLE_NOT_FOUND",
  "ROLE_NAME_TAKEN",
  "ROLE_INVALID",
  "ROLE_BUILT_IN",
  "ROLE_LIMIT",
  "ETAG_MISMATCH",
  "CONFLICT",
  "REQUEST_ID_REUSED",
];
const roleFields = [
  "name",
  "client_id",
  "display_name",
  "description",
  "permissions",
  "included_role_ids",
  "etag",
  "id",
];
const assignmentReasons = [
  "ROLE_NOT_FOUND",
  "USER_NOT_FOUND",
  "ROLE_ASSIGNMENT_NOT_FOUND",
  "ROLE_ASSIGNMENT_LIMIT",
  "GROUP_NOT_FOUND",
  "FIELD_NOT_WRITABLE",
];
const groupReasons = [
  "GROUP_NOT_FOUND",
  "GROUP_NAME_TAKEN",
  "GROUP_INVALID",
  "GROUP_MEMBER_NOT_FOUND",
  "GROUP_LIMIT",
  "USER_NOT_FOUND",
  "ETAG_MISMATCH",
  "CONFLICT",
  "REQUEST_ID_REUSED",
];
const groupFields = ["name", "display_name", "description", "etag", "id"];
const clientReasons = [
  "CLIENT_METADATA_INVALID",
  "CLIENT_ID_TAKEN",
  "CLIENT_NOT_FOUND",
  "CLIENT_SECRET_LIMIT",
  "CLIENT_SECRET_NOT_FOUND",
  "CLIENT_SECRET_UNUSED",
  "ETAG_MISMATCH",
  "REQUEST_ID_REUSED",
];
const resourceServerReasons = [
  "RESOURCE_SERVER_NOT_FOUND",
  "RESOURCE_SERVER_IDENTIFIER_TAKEN",
  "RESOURCE_SERVER_INVALID",
  "RESOURCE_SERVER_LIMIT",
  "ETAG_MISMATCH",
  "REQUEST_ID_REUSED",
];
const resourceServerFields = [
  "identifier",
  "display_name",
  "scopes",
  "all_clients_allowed",
  "allowed_client_ids",
  "access_token_lifetime",
  "signing_alg",
  "introspection_client_ids",
  "claim_mappers",
  "etag",
];
const policyFields = [
  "require_pkce_of_confidential_clients",
  "default_audience",
  "registration",
  "logout_ends_offline_grants",
  "etag",
];
const registrationErrors = [
  "invalid_request",
  "invalid_token",
  "invalid_redirect_uri",
  "invalid_client_metadata",
  "unapproved_software_statement",
];
const factorReasons = ["SIGN_IN_TOO_OLD", "FACTOR_NOT_FOUND", "CODE_MISMATCH", "FACTOR_LIMIT", "CONFLICT"];
const pageReasons = ["PAGE_TOKEN_INVALID"];
const userFields = ["username", "email", "password", "password_hash", "name", "status", "address", "etag", "id"];
const clientFields = [
  "client_id",
  "client_name",
  "redirect_uris",
  "grant_types",
  "scope",
  "token_endpoint_auth_method",
  "token_endpoint_auth_signing_alg",
  "jwks",
  "jwks_uri",
  "logo_uri",
  "contacts",
  "subject_type",
  "default_max_age",
  "post_logout_redirect_uris",
  "refresh_token_overlap",
  "first_party",
];
const registeredFields = [...clientFields, "client_secret", "software_statement", "client_name#pt-BR"];
const connect = (path: string, parameters: readonly string[], reasons: readonly string[] = []): PublicEndpoint => ({
  method: "POST",
  path,
  forms: ["connect", "rest", "page"],
  parameters,
  reasons: [...gatewayReasons, ...credentialReasons, ...reasons],
});

const userId = "01JZZZZZZZZZZZZZZZZZZZZZZZ";

/** Every endpoint on the public port. */
export const publicEndpoints: readonly PublicEndpoint[] = [
  standard("GET", "/.well-known/openid-configuration", [], []),
  standard("GET", "/.well-known/oauth-authorization-server", [], []),
  standard("GET", "/.well-known/jwks.json", [], []),
  standard("GET", "/oauth/v2/keys", [], []),
  standard("GET", "/oauth/v2/authorize", authorizeParameters, ["invalid_request"], ["page"]),
  standard("POST", "/oauth/v2/authorize", authorizeParameters, ["invalid_request"], ["page", "oauth", "rest"]),
  standard(
    "POST",
    "/oauth/v2/par",
    [...authorizeParameters, "client_secret"],
    [
      "invalid_request",
      "invalid_client",
      "invalid_scope",
      "invalid_target",
      "unauthorized_client",
      "unsupported_response_type",
      "request_not_supported",
      "registration_not_supported",
    ],
  ),
  standard("POST", "/oauth/v2/token", tokenParameters, tokenErrors),
  standard(
    "POST",
    "/oauth/v2/device_authorization",
    ["client_id", "client_secret", "scope", "resource"],
    ["invalid_request", "invalid_client", "unauthorized_client", "invalid_scope", "invalid_target"],
  ),
  standard("POST", "/oauth/v2/introspect", tokenAboutParameters, ["invalid_request", "invalid_client"]),
  standard("POST", "/oauth/v2/revoke", tokenAboutParameters, ["invalid_request", "invalid_client", "invalid_grant"]),
  standard("GET", "/oidc/v1/userinfo", ["access_token"], ["invalid_request", "invalid_token"]),
  standard("POST", "/oidc/v1/userinfo", ["access_token"], ["invalid_request", "invalid_token"]),
  standard("GET", "/oauth/v2/userinfo", ["access_token"], ["invalid_request", "invalid_token"]),
  standard("POST", "/oauth/v2/userinfo", ["access_token"], ["invalid_request", "invalid_token"]),
  standard("POST", "/oauth/v2/register", registeredFields, registrationErrors),
  standard("GET", `/oauth/v2/register/${userId}`, [], registrationErrors),
  standard("PUT", `/oauth/v2/register/${userId}`, registeredFields, registrationErrors),
  standard("DELETE", `/oauth/v2/register/${userId}`, [], registrationErrors),
  standard("GET", "/oidc/v1/end_session", endSessionParameters, ["invalid_request"], ["page"]),
  standard("POST", "/oidc/v1/end_session", endSessionParameters, [], ["page", "rest"]),
  standard("POST", "/logout", ["logout", "ui_locales"], [], ["page", "rest"]),
  standard("GET", "/", [], [], ["page"]),
  standard("GET", "/favicon.ico", [], [], ["page"]),
  standard("GET", "/sign-in", ["authorization"], [], ["page"]),
  standard(
    "POST",
    "/sign-in",
    ["authorization", "username", "password", "flow", "new_password", "code", "way", "ways", "new_totp", "done"],
    [],
    ["page", "rest"],
  ),
  standard("GET", "/reset", ["token", "authorization"], [], ["page"]),
  standard("POST", "/reset", ["username", "authorization", "token", "new_password"], [], ["page", "rest"]),
  standard("GET", "/verify", ["token"], [], ["page"]),
  standard("POST", "/verify", ["token"], [], ["page", "rest"]),
  standard("GET", "/dev/mail", [], [], ["page"]),
  standard("GET", "/device", ["user_code"], [], ["page"]),
  standard("POST", "/device", ["user_code"], [], ["page", "rest"]),
  standard("GET", "/device/confirm", ["authorization"], [], ["page"]),
  standard("GET", "/device/qr", ["user_code"], [], ["page"]),
  standard("POST", "/device/confirm", ["authorization", "decision"], [], ["page", "rest"]),
  standard("GET", "/accounts", ["authorization"], [], ["page"]),
  standard("POST", "/accounts", ["authorization", "session"], [], ["page", "rest"]),
  standard("GET", "/consent", ["authorization"], [], ["page"]),
  standard("POST", "/consent", ["authorization", "session", "decision"], [], ["page", "rest"]),
  standard("GET", "/pages/logo/dev.koder.chat", ["v"], [], ["page"]),
  rest("POST", "/v1/auth/recovery", ["username", "locale"], ["TOO_MANY_ATTEMPTS"]),
  rest(
    "POST",
    "/v1/auth/recovery/confirm",
    ["token", "new_password"],
    ["RECOVERY_TOKEN_INVALID", "PASSWORD_NOT_ALLOWED", "HASHING_BUSY"],
  ),
  rest("POST", "/v1/auth/email/confirm", ["token", "user_id"], ["EMAIL_TOKEN_INVALID", "EMAIL_TAKEN"]),
  rest("POST", `/v1/users/${userId}/email/verify/confirm`, ["token"], ["EMAIL_TOKEN_INVALID", "EMAIL_TAKEN"]),
  rest("POST", `/v1/users/${userId}/email/verify`, [], ["MAILBOX_NOT_FOUND", "TOO_MANY_ATTEMPTS"]),
  rest("POST", `/v1/users/${userId}/email/change`, ["email"], ["TOO_MANY_ATTEMPTS", "SIGN_IN_TOO_OLD"]),
  rest("GET", "/v1/me", [], ["USER_NOT_FOUND"]),
  rest(
    "POST",
    "/v1/me/password",
    ["current_password", "new_password"],
    ["PASSWORD_MISMATCH", "PASSWORD_NOT_ALLOWED", "TOO_MANY_ATTEMPTS", "SIGN_IN_TOO_OLD", "HASHING_BUSY"],
  ),
  rest("GET", "/v1/me/sessions", ["page_size", "page_token"], pageReasons),
  rest("DELETE", "/v1/me/sessions", []),
  rest("DELETE", `/v1/me/sessions/${userId}`, [], ["SESSION_NOT_FOUND"]),
  rest("POST", "/v1/me/sessions/revoke-others", []),
  rest("DELETE", `/v1/users/${userId}/sessions/${userId}`, [], ["SESSION_NOT_FOUND"]),
  rest("GET", "/v1/me/consents", ["page_size", "page_token"], pageReasons),
  rest("DELETE", "/v1/me/consents/dev.koder.chat", [], ["CLIENT_NOT_FOUND", "CONFLICT"]),
  rest("GET", "/v1/me/mfa", []),
  rest("POST", "/v1/me/email/verify", [], ["MAILBOX_NOT_FOUND", "TOO_MANY_ATTEMPTS"]),
  rest("POST", "/v1/me/email/change", ["email"], ["TOO_MANY_ATTEMPTS", "SIGN_IN_TOO_OLD"]),
  rest("POST", "/v1/users", userFields, userReasons),
  rest(
    "GET",
    "/v1/users",
    ["page_size", "page_token", "email", "username", "username_prefix", "prefix", "show_deleted"],
    pageReasons,
  ),
  rest("GET", `/v1/users/${userId}`, [], ["USER_NOT_FOUND"]),
  rest("PATCH", `/v1/users/${userId}`, userFields, userReasons),
  rest("DELETE", `/v1/users/${userId}`, ["etag"], deletionReasons),
  rest("POST", `/v1/users/${userId}/restore`, ["user_id"], deletionReasons),
  rest("POST", `/v1/users/${userId}/purge`, ["user_id"], deletionReasons),
  rest("POST", `/v1/users/${userId}/erasure`, ["user_id"], deletionReasons),
  rest("DELETE", "/v1/me", ["user_id"], deletionReasons),
  rest("POST", `/v1/users/${userId}/password`, ["password"], userReasons),
  rest("PUT", `/v1/users/${userId}/password`, ["password"], userReasons),
  rest("GET", `/v1/users/${userId}/sessions`, ["page_size", "page_token"], pageReasons),
  rest("GET", `/v1/users/${userId}/consents`, ["page_size", "page_token"], pageReasons),
  rest("DELETE", `/v1/users/${userId}/consents/dev.koder.chat`, [], ["CLIENT_NOT_FOUND", "CONFLICT"]),
  rest("GET", `/v1/users/${userId}/mfa`, []),
  rest("DELETE", `/v1/users/${userId}/mfa`, [], factorReasons),
  rest("POST", `/v1/users/${userId}/mfa/totp`, ["display_name"], factorReasons),
  rest("POST", `/v1/users/${userId}/mfa/totp/verify`, ["factor_id", "code"], factorReasons),
  rest("POST", `/v1/users/${userId}/mfa/recovery-codes`, [], factorReasons),
  rest("DELETE", `/v1/users/${userId}/mfa/${userId}`, [], factorReasons),
  rest("POST", "/v1/groups", groupFields, groupReasons),
  rest("GET", "/v1/groups", ["page_size", "page_token", "name_prefix", "user_id"], pageReasons),
  rest("GET", `/v1/users/${userId}/groups`, ["page_size", "page_token", "name_prefix"], pageReasons),
  rest("GET", `/v1/groups/${userId}`, [], ["GROUP_NOT_FOUND"]),
  rest("PATCH", `/v1/groups/${userId}`, groupFields, groupReasons),
  rest("DELETE", `/v1/groups/${userId}`, ["etag"], groupReasons),
  rest("POST", `/v1/groups/${userId}/members`, ["user_id", "member_group_id", "group_id"], groupReasons),
  rest("GET", `/v1/groups/${userId}/members`, ["page_size", "page_token"], [...pageReasons, "GROUP_NOT_FOUND"]),
  rest("DELETE", `/v1/groups/${userId}/members/${userId}`, [], groupReasons),
  rest("POST", "/v1/roles", roleFields, roleReasons),
  rest("GET", "/v1/roles", ["page_size", "page_token", "client_id"], pageReasons),
  rest("GET", `/v1/roles/${userId}`, [], ["ROLE_NOT_FOUND"]),
  rest("PATCH", `/v1/roles/${userId}`, roleFields, roleReasons),
  rest("DELETE", `/v1/roles/${userId}`, ["etag"], roleReasons),
  rest(
    "POST",
    "/v1/roles/support/assignments",
    ["user_id", "client_id", "group_id", "id", "role_id"],
    assignmentReasons,
  ),
  rest("GET", "/v1/roles/support/assignments", ["page_size", "page_token", "user_id", "client_id"], pageReasons),
  rest("DELETE", `/v1/roles/support/assignments/${userId}`, [], assignmentReasons),
  rest("GET", "/v1/role-assignments", ["page_size", "page_token", "user_id", "client_id", "role_id"], pageReasons),
  rest("GET", "/v1/permissions", ["user_id", "client_id"]),
  rest("GET", "/v1/permissions:check", ["user_id", "client_id", "permission"]),
  rest("POST", "/v1/clients", clientFields, clientReasons),
  rest("GET", "/v1/clients", ["page_size", "page_token", "client_name_prefix"], pageReasons),
  rest("GET", "/v1/clients/dev.koder.chat", [], ["CLIENT_NOT_FOUND"]),
  rest("PATCH", "/v1/clients/dev.koder.chat", clientFields, clientReasons),
  rest("DELETE", "/v1/clients/dev.koder.chat", ["etag"], clientReasons),
  rest("POST", "/v1/resource-servers", resourceServerFields, resourceServerReasons),
  rest("GET", "/v1/resource-servers", ["page_size", "page_token"], pageReasons),
  rest("GET", `/v1/resource-servers/${userId}`, [], ["RESOURCE_SERVER_NOT_FOUND"]),
  rest("PATCH", `/v1/resource-servers/${userId}`, resourceServerFields, resourceServerReasons),
  rest("DELETE", `/v1/resource-servers/${userId}`, ["etag"], resourceServerReasons),
  rest("POST", "/v1/clients/dev.koder.chat/secrets", ["expire_time", "request_id"], clientReasons),
  rest("DELETE", `/v1/clients/dev.koder.chat/secrets/${userId}`, [], clientReasons),
  rest("GET", "/v1/admin/policies/authentication", []),
  rest(
    "PATCH",
    "/v1/admin/policies/authentication",
    ["mfa", "session_lifetime", "client_overrides", "etag"],
    ["AUTHENTICATION_POLICY_INVALID", "ETAG_MISMATCH"],
  ),
  rest("GET", "/v1/admin/policies/oauth", []),
  rest("PATCH", "/v1/admin/policies/oauth", policyFields, ["POLICY_INVALID", "ETAG_MISMATCH"]),
  rest(
    "POST",
    "/v1/initial-access-tokens",
    ["display_name", "max_uses", "expire_time", "request_id"],
    ["INITIAL_ACCESS_TOKEN_INVALID", "REQUEST_ID_REUSED"],
  ),
  rest("GET", "/v1/initial-access-tokens", ["page_size", "page_token"], pageReasons),
  rest("DELETE", `/v1/initial-access-tokens/${userId}`, [], ["INITIAL_ACCESS_TOKEN_NOT_FOUND"]),
  rest("GET", "/v1/admin/keys", ["page_size", "page_token"], pageReasons),
  rest(
    "POST",
    "/v1/admin/keys/rotate",
    ["alg", "rotation"],
    ["SIGNING_KEY_NOT_FOUND", "SIGNING_KEY_LIMIT", "CONFLICT"],
  ),
  rest("DELETE", `/v1/users/${userId}/sessions`, []),
  rest("GET", "/v1/logout-deliveries", ["page_size", "page_token", "client_id", "state"], pageReasons),
  rest("POST", `/v1/logout-deliveries/${userId}/retry`, [], ["LOGOUT_DELIVERY_NOT_FOUND", "CONFLICT"]),
  rest("DELETE", `/v1/logout-deliveries/${userId}`, [], ["LOGOUT_DELIVERY_NOT_FOUND", "CONFLICT"]),
  rest("GET", "/v1/sessions", ["page_size", "page_token", "user_id"], pageReasons),
  rest("GET", `/v1/sessions/${userId}`, [], ["SESSION_NOT_FOUND"]),
  rest("DELETE", `/v1/sessions/${userId}`, [], ["SESSION_NOT_FOUND"]),
  rest(
    "GET",
    "/v1/admin/audit",
    [
      "page_size",
      "page_token",
      "type",
      "resource_type",
      "resource_id",
      "actor_id",
      "request_id",
      "from_time",
      "instance",
    ],
    pageReasons,
  ),
  rest("POST", "/v1/admin/api-keys", apiKeyFields, apiKeyReasons),
  rest("GET", "/v1/admin/api-keys", ["page_size", "page_token", "authority"], pageReasons),
  rest("DELETE", `/v1/admin/api-keys/${userId}`, [], apiKeyReasons),
  rest("POST", `/v1/users/${userId}/tokens`, ["display_name", "scopes", "expire_time", "token"], tokenReasons),
  rest("GET", `/v1/users/${userId}/tokens`, ["page_size", "page_token"], pageReasons),
  rest("DELETE", `/v1/users/${userId}/tokens/${userId}`, [], tokenReasons),
  rest(
    "POST",
    "/v1/admin/bootstrap",
    ["username", "email", "password", "request_id"],
    ["BOOTSTRAP_CLOSED", "BOOTSTRAP_TOKEN_INVALID", "REQUEST_ID_REUSED"],
  ),
  rest("GET", "/v1/admin/system/health", []),
  connect("/koder.identity.v1.UserService/CreateUser", ["user", "requestId"], userReasons),
  connect("/koder.identity.v1.UserService/ListUsers", ["pageSize", "pageToken"], pageReasons),
  connect("/koder.oauth.v1.ClientService/CreateClient", ["client", "requestId"], clientReasons),
  connect("/koder.oauth.v1.TokenService/IssueToken", ["grantType"], ["unimplemented"]),
  connect("/koder.session.v1.GrantService/RedeemCode", ["code"], ["unimplemented"]),
  connect("/grpc.health.v1.Health/Check", ["service"], ["not_found"]),
];
