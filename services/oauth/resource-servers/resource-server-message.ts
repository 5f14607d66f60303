import { create } from "@bufbuild/protobuf";
import type { ResourceServer as StoredResourceServer } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { ResourceServerSchema, type ResourceServer } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import { claimMapperMessages } from "../claims/claim-mapper.ts";

/** Opaque to callers: the version of the resource server's record. */
export const resourceServerEtag = (version: number): string => `v${version}`;

/** A resource server as others see it. */
export function resourceServerMessage({
  record,
  version,
}: {
  readonly record: StoredResourceServer;
  readonly version: number;
}): ResourceServer {
  return create(ResourceServerSchema, {
    id: record.id,
    etag: resourceServerEtag(version),
    identifier: record.identifier,
    displayName: record.displayName,
    scopes: record.scopes.map(({ name, description }) => ({ name, description })),
    allClientsAllowed: record.allClientsAllowed,
    allowedClientIds: record.allowedClientIds,
    signingAlg: record.signingAlg,
    introspectionClientIds: record.introspectionClientIds,
    claimMappers: claimMapperMessages(record.claimMappers),
    ...(record.accessTokenLifetime ? { accessTokenLifetime: record.accessTokenLifetime } : {}),
    ...(record.createTime ? { createTime: record.createTime } : {}),
    ...(record.updateTime ? { updateTime: record.updateTime } : {}),
  });
}
