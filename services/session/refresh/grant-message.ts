import { create } from "@bufbuild/protobuf";
import type { Grant as StoredGrant } from "#gen/koder/session/store/v1/grant_pb.ts";
import { GrantSchema, type Grant } from "#gen/koder/session/v1/grant_internal_pb.ts";

/** A grant as the other services see it. `nonce` only in the answer to the code that carried it. */
export function grantMessage(stored: StoredGrant, nonce = ""): Grant {
  return create(GrantSchema, {
    id: stored.id,
    clientId: stored.clientId,
    userId: stored.userId,
    sessionId: stored.sessionId,
    scopes: stored.scopes,
    acr: stored.acr,
    amr: stored.amr,
    nonce,
    authTimeRequested: stored.authTimeRequested,
    resources: stored.resources,
    claims: stored.claims,
    dpopJkt: stored.dpopJkt,
    offline: stored.offline,
    ...(stored.authTime ? { authTime: stored.authTime } : {}),
    ...(stored.createTime ? { createTime: stored.createTime } : {}),
    ...(stored.expireTime ? { expireTime: stored.expireTime } : {}),
  });
}
