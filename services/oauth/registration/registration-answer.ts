import { toJson, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import { registeredMembers } from "./registered-members.ts";

/**
 * What a client is told of itself (RFC 7591 §3.2.1, RFC 7592 §3): all of its metadata, defaults too, where to manage them, and
 * by what token. A secret is there only when it is new, and then with its expiry: never, said as 0.
 */
export function registrationAnswer(issuer: string, client: Client, registrationAccessToken: string): string {
  const json = toJson(ClientSchema, client, { useProtoFieldName: true, alwaysEmitImplicit: true }) as JsonObject;
  const metadata = registeredMembers.flatMap((name): [string, JsonValue][] => {
    const value = json[name];
    return value === undefined || value === "" || (Array.isArray(value) && value.length === 0) ? [] : [[name, value]];
  });
  return JSON.stringify({
    client_id: client.clientId,
    client_id_issued_at: Math.floor((client.createTime ? timestampMs(client.createTime) : 0) / 1000),
    ...(client.clientSecret === "" ? {} : { client_secret: client.clientSecret, client_secret_expires_at: 0 }),
    registration_client_uri: `${issuer}/oauth/v2/register/${encodeURIComponent(client.clientId)}`,
    registration_access_token: registrationAccessToken,
    ...Object.fromEntries(metadata.map(([name, value]) => [name, name === "jwks" ? withoutEmpty(value) : value])),
  });
}

/** Keys with the members that they were sent with. */
function withoutEmpty(jwks: JsonValue): JsonValue {
  const isEmpty = (value: JsonValue) => value === "" || (Array.isArray(value) && value.length === 0);
  return JSON.parse(
    JSON.stringify(jwks, (_name, value: JsonValue) => (isEmpty(value) ? undefined : value)),
  ) as JsonValue;
}
