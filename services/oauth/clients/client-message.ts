import { create } from "@bufbuild/protobuf";
import type {
  Client as StoredClient,
  ClientSchema as StoredClientSchema,
} from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import type { Stored } from "../../store/store.ts";

/** Opaque to callers: the version of the client's record. */
export const clientEtag = (version: number): string => `v${version}`;

/** A client as others see it: never with its secret, but for the one answer that `secret` is given for. */
export function clientMessage(
  { record, version }: Stored<typeof StoredClientSchema> | { record: StoredClient; version: number },
  secret = "",
): Client {
  return create(ClientSchema, {
    clientId: record.clientId,
    etag: clientEtag(version),
    clientSecret: secret,
    clientName: record.clientName,
    redirectUris: record.redirectUris,
    grantTypes: record.grantTypes,
    responseTypes: record.responseTypes,
    tokenEndpointAuthMethod: record.tokenEndpointAuthMethod,
    scope: record.scopes.join(" "),
    applicationType: record.applicationType,
    clientUri: record.clientUri,
    policyUri: record.policyUri,
    tosUri: record.tosUri,
    ...(record.createTime ? { createTime: record.createTime } : {}),
    ...(record.updateTime ? { updateTime: record.updateTime } : {}),
  });
}
