import { create } from "@bufbuild/protobuf";
import {
  ClientSchema as StoredClientSchema,
  type Client as StoredClient,
} from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Client } from "#gen/koder/oauth/v1/client_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { FieldViolation } from "../../host/failure.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { parseScope, personScopes } from "../scopes.ts";
import { redirectUriFault } from "./redirect-uri.ts";

/** Client metadata with every default filled in (RFC 7591 §2), without id, secret and times. */
export type ClientMetadata = Pick<
  StoredClient,
  | "clientName"
  | "redirectUris"
  | "grantTypes"
  | "responseTypes"
  | "tokenEndpointAuthMethod"
  | "scopes"
  | "applicationType"
  | "clientUri"
  | "policyUri"
  | "tosUri"
>;

/**
 * Checks client metadata against RFC 7591 §2, OpenID Connect Registration §2 and our own rules, and fills in the
 * defaults. Throws CLIENT_METADATA_INVALID with one violation for each field that is wrong.
 */
export function clientMetadata(client: Client): ClientMetadata {
  const violations: FieldViolation[] = [];
  const wrong = (field: string, description: string): void => void violations.push({ field, description });

  const grantTypes = client.grantTypes.length > 0 ? client.grantTypes : ["authorization_code"];
  const usesCode = grantTypes.includes("authorization_code");
  const responseTypes = client.responseTypes.length > 0 ? client.responseTypes : usesCode ? ["code"] : [];
  const tokenEndpointAuthMethod = client.tokenEndpointAuthMethod || "client_secret_basic";
  const applicationType = client.applicationType || "web";
  const scopes = client.scope === "" ? personScopes : parseScope(client.scope);

  if (client.clientSecret !== "") wrong("client_secret", "is made by the server and cannot be chosen");
  if (client.createTime !== undefined) wrong("create_time", "is set by the server");
  if (client.updateTime !== undefined) wrong("update_time", "is set by the server");
  if (client.etag !== "") wrong("etag", "cannot be set at creation");
  if (usesCode && client.redirectUris.length === 0)
    wrong("redirect_uris", "must name at least one URI for the grant authorization_code");
  if (!usesCode && client.redirectUris.length > 0)
    wrong("redirect_uris", "must be empty without the grant authorization_code");
  if (usesCode !== responseTypes.includes("code"))
    wrong("response_types", "must hold code exactly with the grant authorization_code");
  if (grantTypes.includes("refresh_token") && !usesCode)
    wrong("grant_types", "refresh_token must come with authorization_code");
  if (grantTypes.includes("client_credentials") && tokenEndpointAuthMethod === "none")
    wrong("grant_types", "client_credentials must not be given to a public client");
  if (scopes === undefined) wrong("scope", "must be scope tokens separated by spaces");
  for (const [index, uri] of client.redirectUris.entries()) {
    const fault = redirectUriFault(uri, applicationType);
    if (fault !== undefined) wrong(`redirect_uris[${index}]`, fault);
  }
  for (const field of ["clientUri", "policyUri", "tosUri"] as const) {
    if (client[field] !== "" && !isWebPage(client[field])) wrong(snakeCase(field), "must be an https URL");
  }
  if (violations.length > 0) {
    const fields = violations.map(({ field, description }) => `${field} ${description}`).join("; ");
    throw oauthFailure(OauthErrorReason.CLIENT_METADATA_INVALID, `the client metadata are not valid: ${fields}`, {
      violations,
    });
  }
  return create(StoredClientSchema, {
    clientName: client.clientName,
    redirectUris: client.redirectUris,
    grantTypes,
    responseTypes,
    tokenEndpointAuthMethod,
    scopes: [...(scopes ?? [])],
    applicationType,
    clientUri: client.clientUri,
    policyUri: client.policyUri,
    tosUri: client.tosUri,
  });
}

/** A link that a page may show: https, nothing that a browser would read otherwise (security A18). */
function isWebPage(uri: string): boolean {
  return /^https:\/\/[\x21-\x7e]+$/.test(uri) && !/[\\"'<>`]/.test(uri) && URL.canParse(uri);
}

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
