import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { ClientSecretSchema, type Client as StoredClient } from "#gen/koder/oauth/store/v1/client_pb.ts";

/** How long refresh tokens live where a client does not say, in milliseconds. */
export const refreshDefaults = { overlap: 10_000, idle: 14 * 86_400_000, absolute: 30 * 86_400_000 } as const;

/** A stored client with what its record does not say, or says elsewhere, because it is older than a field. */
export function withDefaults(client: StoredClient): StoredClient {
  return {
    ...client,
    secretHashes: [],
    secrets: [
      ...client.secretHashes.map((hash, index) => create(ClientSecretSchema, { id: `${index}`, hash })),
      ...client.secrets,
    ],
    idTokenSignedResponseAlg: client.idTokenSignedResponseAlg || "RS256",
    subjectType: client.subjectType || "public",
    firstParty: client.firstParty ?? true,
    refreshTokenOverlap: client.refreshTokenOverlap ?? durationFromMs(refreshDefaults.overlap),
    refreshTokenIdleLifetime: client.refreshTokenIdleLifetime ?? durationFromMs(refreshDefaults.idle),
    refreshTokenAbsoluteLifetime: client.refreshTokenAbsoluteLifetime ?? durationFromMs(refreshDefaults.absolute),
  };
}
