import { create, fromJsonString } from "@bufbuild/protobuf";
import type {
  Client as StoredClient,
  ClientSchema as StoredClientSchema,
} from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientKeySetSchema } from "#gen/koder/oauth/v1/client_key_pb.ts";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import type { Stored } from "../../store/store.ts";
import { clientSecretMessage } from "./client-secret.ts";
import { withDefaults } from "./metadata/client-defaults.ts";
import { claimMapperMessages } from "../claims/claim-mapper.ts";

/** Opaque to callers: the version of the client's record. */
export const clientEtag = (version: number): string => `v${version}`;

/** A client as others see it: never with its secret, but for the one answer that `secret` is given for. */
export function clientMessage(
  { record, version }: Stored<typeof StoredClientSchema> | { record: StoredClient; version: number },
  secret = "",
): Client {
  // Written out member by member: what is kept and not named here is shown to nobody.
  const client = withDefaults(record);
  return create(ClientSchema, {
    clientId: client.clientId,
    etag: clientEtag(version),
    clientSecret: secret,
    clientName: client.clientName,
    clientUri: client.clientUri,
    logoUri: client.logoUri,
    policyUri: client.policyUri,
    tosUri: client.tosUri,
    contacts: client.contacts,
    softwareId: client.softwareId,
    softwareVersion: client.softwareVersion,
    redirectUris: client.redirectUris,
    postLogoutRedirectUris: client.postLogoutRedirectUris,
    grantTypes: client.grantTypes,
    responseTypes: client.responseTypes,
    applicationType: client.applicationType,
    scope: client.scopes.join(" "),
    tokenEndpointAuthMethod: client.tokenEndpointAuthMethod,
    tokenEndpointAuthSigningAlg: client.tokenEndpointAuthSigningAlg,
    strictAssertionAudience: client.strictAssertionAudience,
    ...(client.jwks === "" ? {} : { jwks: fromJsonString(ClientKeySetSchema, client.jwks) }),
    jwksUri: client.jwksUri,
    dpopBoundAccessTokens: client.dpopBoundAccessTokens,
    initiateLoginUri: client.initiateLoginUri,
    ...(client.defaultMaxAge === undefined ? {} : { defaultMaxAge: client.defaultMaxAge }),
    requireAuthTime: client.requireAuthTime,
    defaultAcrValues: client.defaultAcrValues,
    requirePushedAuthorizationRequests: client.requirePushedAuthorizationRequests,
    ...(client.requirePkce === undefined ? {} : { requirePkce: client.requirePkce }),
    ...(client.firstParty === undefined ? {} : { firstParty: client.firstParty }),
    claimMappers: claimMapperMessages(client.claimMappers),
    idTokenSignedResponseAlg: client.idTokenSignedResponseAlg,
    userinfoSignedResponseAlg: client.userinfoSignedResponseAlg,
    subjectType: client.subjectType,
    sectorIdentifierUri: client.sectorIdentifierUri,
    ...(client.refreshTokenOverlap ? { refreshTokenOverlap: client.refreshTokenOverlap } : {}),
    ...(client.refreshTokenIdleLifetime ? { refreshTokenIdleLifetime: client.refreshTokenIdleLifetime } : {}),
    ...(client.refreshTokenAbsoluteLifetime
      ? { refreshTokenAbsoluteLifetime: client.refreshTokenAbsoluteLifetime }
      : {}),
    refreshWithoutOfflineAccess: client.refreshWithoutOfflineAccess,
    backchannelLogoutUri: client.backchannelLogoutUri,
    backchannelLogoutSessionRequired: client.backchannelLogoutSessionRequired,
    logoutEndsOfflineGrants: client.logoutEndsOfflineGrants,
    disabled: client.disabled,
    dynamicallyRegistered: client.dynamicallyRegistered,
    secrets: client.secrets.map((kept) => clientSecretMessage(kept)),
    ...(client.createTime ? { createTime: client.createTime } : {}),
    ...(client.updateTime ? { updateTime: client.updateTime } : {}),
  });
}
