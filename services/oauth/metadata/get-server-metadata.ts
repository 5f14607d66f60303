import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  GetServerMetadataResponseSchema,
  type GetServerMetadataRequest,
  type GetServerMetadataResponse,
} from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { isSignUpAllowed } from "../authorize/check-sign-up-prompt.ts";
import { callOf } from "../../host/call.ts";
import { accountScopes } from "../../host/account-scopes.ts";
import { pageLanguages } from "../../host/page-languages.ts";
import { foreignAlgs } from "../../vault/foreign-key.ts";
import { signingAlgs } from "../../vault/signing-key.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { deviceCodeGrantType } from "../device/device-code-grant-type.ts";
import { membershipScopes, personScopes } from "../scopes.ts";

/** What the server says of itself: everything that it lists works, and everything that works is listed (RFC 8414 §2). */
export function getServerMetadata({
  tenants,
  oauthPolicies,
  peers,
}: Pick<OauthDependencies, "tenants" | "oauthPolicies" | "peers">) {
  return async (_request: GetServerMetadataRequest, context: HandlerContext): Promise<GetServerMetadataResponse> => {
    const call = callOf(context);
    const [{ canonicalOrigin: issuer }, { requirePushedAuthorizationRequests }, signUpAllowed] = await Promise.all([
      tenants.get(call),
      oauthPolicies.get(call),
      isSignUpAllowed(peers, call),
    ]);
    return create(GetServerMetadataResponseSchema, {
      issuer,
      authorizationEndpoint: `${issuer}/oauth/v2/authorize`,
      pushedAuthorizationRequestEndpoint: `${issuer}/oauth/v2/par`,
      requirePushedAuthorizationRequests,
      tokenEndpoint: `${issuer}/oauth/v2/token`,
      registrationEndpoint: `${issuer}/oauth/v2/register`,
      userinfoEndpoint: `${issuer}/oidc/v1/userinfo`,
      deviceAuthorizationEndpoint: `${issuer}/oauth/v2/device_authorization`,
      backchannelLogoutSupported: true,
      backchannelLogoutSessionSupported: true,
      endSessionEndpoint: `${issuer}/oidc/v1/end_session`,
      jwksUri: `${issuer}/oauth/v2/keys`,
      scopesSupported: [...personScopes, ...membershipScopes, ...accountScopes],
      responseTypesSupported: ["code"],
      responseModesSupported: ["query", "form_post"],
      grantTypesSupported: ["authorization_code", "refresh_token", "client_credentials", deviceCodeGrantType],
      subjectTypesSupported: ["public", "pairwise"],
      idTokenSigningAlgValuesSupported: [...signingAlgs],
      userinfoSigningAlgValuesSupported: [...signingAlgs],
      tokenEndpointAuthMethodsSupported: [...clientAuthenticationMethods],
      introspectionEndpoint: `${issuer}/oauth/v2/introspect`,
      introspectionEndpointAuthMethodsSupported: clientAuthenticationMethods.filter((method) => method !== "none"),
      revocationEndpoint: `${issuer}/oauth/v2/revoke`,
      revocationEndpointAuthMethodsSupported: [...clientAuthenticationMethods],
      tokenEndpointAuthSigningAlgValuesSupported: assertionAlgs,
      introspectionEndpointAuthSigningAlgValuesSupported: assertionAlgs,
      revocationEndpointAuthSigningAlgValuesSupported: assertionAlgs,
      dpopSigningAlgValuesSupported: assertionAlgs,
      acrValuesSupported: ["urn:koder:acr:1fa", "urn:koder:acr:mfa"],
      claimsSupported,
      codeChallengeMethodsSupported: ["S256"],
      authorizationResponseIssParameterSupported: true,
      requestParameterSupported: false,
      requestUriParameterSupported: false,
      claimsParameterSupported: true,
      promptValuesSupported: ["none", "login", "consent", "select_account", ...(signUpAllowed ? ["create"] : [])],
      uiLocalesSupported: [...pageLanguages],
    });
  };
}

const clientAuthenticationMethods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
const assertionAlgs = [...foreignAlgs.keys()];

const claimsSupported = [
  "iss sub aud exp iat auth_time nonce acr amr at_hash sid",
  "name given_name family_name middle_name nickname preferred_username profile picture website gender birthdate",
  "zoneinfo locale updated_at email email_verified phone_number phone_number_verified address",
  membershipScopes.join(" "),
].flatMap((line) => line.split(" "));
