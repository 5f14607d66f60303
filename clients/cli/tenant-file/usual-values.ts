import type { JsonObject } from "@bufbuild/protobuf";

/**
 * What the server answers in fields that are not set, by the other fields of the message: null in a file is compared with it. Those
 * that are empty then are not in it.
 */
export type UsualValues = (json: JsonObject) => JsonObject;

const always =
  (values: JsonObject): UsualValues =>
  () =>
    values;

const authorizationCode = "authorization_code";

export const usualClient: UsualValues = ({ grant_types: said }) => {
  const grants = said ?? [authorizationCode];
  return {
    grant_types: grants,
    response_types: Array.isArray(grants) && grants.includes(authorizationCode) ? ["code"] : [],
    token_endpoint_auth_method: "client_secret_basic",
    scope: "openid profile email phone address offline_access",
    application_type: "web",
    id_token_signed_response_alg: "RS256",
    subject_type: "public",
    first_party: true,
    refresh_token_overlap: "10s",
    refresh_token_idle_lifetime: "1209600s",
    refresh_token_absolute_lifetime: "2592000s",
  };
};

export const usualResourceServer = always({ access_token_lifetime: "900s", signing_alg: "RS256" });

export const usualOauthPolicy = always({
  require_pkce_of_confidential_clients: true,
  registration: {
    allowed_scopes: ["openid", "profile", "email", "phone", "address", "offline_access"],
    allowed_grant_types: [authorizationCode, "refresh_token"],
    max_redirect_uris: 10,
  },
});

export const usualAuthenticationPolicy = always({
  mfa: "MFA_REQUIREMENT_OPTIONAL",
  session_lifetime: "43200s",
  passkey_user_verification: "PASSKEY_USER_VERIFICATION_PREFERRED",
  attempts_before_wait: 5,
  max_attempts: 100,
  first_factors: ["SIGN_IN_FACTOR_PASSWORD", "SIGN_IN_FACTOR_PASSKEY"],
  second_factors: [
    "SIGN_IN_FACTOR_PASSKEY",
    "SIGN_IN_FACTOR_TOTP",
    "SIGN_IN_FACTOR_SMS_OTP",
    "SIGN_IN_FACTOR_EMAIL_OTP",
    "SIGN_IN_FACTOR_RECOVERY_CODE",
  ],
});

export const usualPasswordPolicy: UsualValues = ({ min_length: said }) => {
  const length = said ?? 15;
  return {
    min_length: length,
    min_length_with_mfa: length,
    max_length: 256,
    hash_memory_kib: 19_456,
    hash_iterations: 2,
  };
};

export const usualUsernamePolicy = always({ max_length: 20 });
