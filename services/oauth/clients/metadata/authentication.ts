import { toJsonString } from "@bufbuild/protobuf";
import { ClientKeySetSchema } from "#gen/koder/oauth/v1/client_key_pb.ts";
import { clientKeySetFault } from "./client-key-set.ts";
import { webAddressFault } from "./web-address.ts";
import type { MetadataPart } from "./metadata-part.ts";

/** How a client proves who it is, and with what keys (RFC 7591 §2, OpenID Connect Registration §2, RFC 9449 §5.2). */
export const authentication: MetadataPart<
  | "tokenEndpointAuthMethod"
  | "tokenEndpointAuthSigningAlg"
  | "strictAssertionAudience"
  | "jwks"
  | "jwksUri"
  | "dpopBoundAccessTokens"
> = (client, wrong) => {
  const { tokenEndpointAuthSigningAlg, strictAssertionAudience, jwks, jwksUri, dpopBoundAccessTokens } = client;
  const tokenEndpointAuthMethod = client.tokenEndpointAuthMethod || "client_secret_basic";

  const byAssertion = tokenEndpointAuthMethod === "private_key_jwt";
  if (byAssertion && jwks === undefined && jwksUri === "")
    wrong("jwks", "must be set, or jwks_uri, for private_key_jwt");
  if (!byAssertion && tokenEndpointAuthSigningAlg !== "")
    wrong("token_endpoint_auth_signing_alg", "must come with private_key_jwt");
  if (!byAssertion && strictAssertionAudience) wrong("strict_assertion_audience", "must come with private_key_jwt");
  if (jwks !== undefined && jwksUri !== "") wrong("jwks_uri", "must not be set beside jwks");
  const addressFault = webAddressFault(jwksUri, { endpoint: true });
  if (addressFault !== undefined) wrong("jwks_uri", addressFault);
  const keyFault =
    jwks === undefined
      ? undefined
      : clientKeySetFault(jwks, { mustSign: byAssertion, alg: tokenEndpointAuthSigningAlg });
  if (keyFault !== undefined) wrong(keyFault.field, keyFault.description);
  return {
    tokenEndpointAuthMethod,
    tokenEndpointAuthSigningAlg,
    strictAssertionAudience,
    jwks: jwks === undefined ? "" : toJsonString(ClientKeySetSchema, jwks, { useProtoFieldName: true }),
    jwksUri,
    dpopBoundAccessTokens,
  };
};
