import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import {
  ResourceServerSchema as StoredResourceServerSchema,
  type ResourceServer as StoredResourceServer,
} from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { ResourceServer } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import { violationsInWords, type FieldViolation } from "../../host/failure.ts";
import { ownPermissions } from "../../host/own-permissions.ts";
import { shownLineViolations } from "../../host/shown-line.ts";
import { claimMapperFaults, claimMapperMessages, storedClaimMappers } from "../claims/claim-mapper.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { accountScopes } from "../../host/account-scopes.ts";
import { membershipScopes, personScopes } from "../scopes.ts";

/** What an administrator says of a resource server and may say otherwise later. */
export type ResourceServerSettings = Pick<
  StoredResourceServer,
  | "displayName"
  | "scopes"
  | "allClientsAllowed"
  | "allowedClientIds"
  | "accessTokenLifetime"
  | "signingAlg"
  | "introspectionClientIds"
  | "claimMappers"
>;

const reserved: ReadonlySet<string> = new Set([...personScopes, ...membershipScopes, ...accountScopes]);

/** The settings with every default filled in. `lifetime` in milliseconds: that of access tokens, unless said otherwise. */
export function resourceServerSettings(server: ResourceServer, lifetime: number): ResourceServerSettings {
  return create(StoredResourceServerSchema, {
    displayName: server.displayName,
    scopes: server.scopes.map(({ name, description }) => ({ name, description })),
    allClientsAllowed: server.allClientsAllowed,
    allowedClientIds: server.allowedClientIds,
    accessTokenLifetime: server.accessTokenLifetime ?? durationFromMs(lifetime),
    signingAlg: server.signingAlg || "RS256",
    introspectionClientIds: server.introspectionClientIds,
    claimMappers: storedClaimMappers(server.claimMappers),
  });
}

const mapperFaults = (mappers: ResourceServerSettings["claimMappers"]): FieldViolation[] => {
  const field = "resource_server.claim_mappers";
  const elsewhere = mappers.flatMap(({ inIdToken, inUserinfo }, index) =>
    inIdToken || inUserinfo
      ? [{ field: `${field}[${index}]`, description: "must put its claim into access tokens only" }]
      : [],
  );
  return [...claimMapperFaults(claimMapperMessages(mappers), field), ...elsewhere];
};

/** People read these where they decide what an application gets: nobody's words turn those around them. */
function shownFaults({
  displayName,
  scopes,
}: Pick<ResourceServerSettings, "displayName" | "scopes">): FieldViolation[] {
  const shown = [
    ["display_name", displayName] as const,
    ...scopes.map(({ description }, index) => [`scopes[${index}].description`, description] as const),
  ];
  return shown.flatMap(([path, text]) => shownLineViolations(`resource_server.${path}`, text));
}

/** What is wrong with settings, one violation for each rule that is broken. */
export function settingsFaults({
  displayName,
  scopes,
  allClientsAllowed,
  allowedClientIds,
  claimMappers,
}: ResourceServerSettings): FieldViolation[] {
  const names = scopes.map(({ name }) => name);
  const faults = shownFaults({ displayName, scopes });
  for (const [index, name] of names.entries()) {
    const field = `resource_server.scopes[${index}].name`;
    if (reserved.has(name)) faults.push({ field, description: `must not be ${name}, which OpenID Connect names` });
    // Tokens for this server lack the scopes of others: all that anybody may do here would be taken from them.
    if (ownPermissions.has(name))
      faults.push({ field, description: `must not be ${name}, a permission of this server` });
    if (names.indexOf(name) < index) faults.push({ field, description: "must not be there twice" });
  }
  if (allClientsAllowed && allowedClientIds.length > 0) {
    const description = "must be empty where all clients are allowed";
    faults.push({ field: "resource_server.allowed_client_ids", description });
  }
  return [...faults, ...mapperFaults(claimMappers)];
}

/** Throws RESOURCE_SERVER_INVALID unless nothing is wrong. */
export function refuseFaults(violations: readonly FieldViolation[]): void {
  if (violations.length === 0) return;
  const fields = violationsInWords(violations);
  throw oauthFailure(OauthErrorReason.RESOURCE_SERVER_INVALID, `the resource server is not valid: ${fields}`, {
    violations: [...violations],
  });
}
