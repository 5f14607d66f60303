import { create } from "@bufbuild/protobuf";
import type { InitialAccessToken as StoredToken } from "#gen/koder/oauth/store/v1/initial_access_token_pb.ts";
import { InitialAccessTokenSchema, type InitialAccessToken } from "#gen/koder/oauth/v1/initial_access_token_pb.ts";

/** Names the keyed hash under which an initial access token is kept. */
export const initialAccessTokenUse = "initial-access-token";

/** A token as administrators see it: never with its value, but for the one answer that `value` is given for. */
export function initialAccessTokenMessage(
  { id, displayName, maxUses, createTime, expireTime }: StoredToken,
  value = "",
): InitialAccessToken {
  return create(InitialAccessTokenSchema, {
    id,
    token: value,
    displayName,
    maxUses,
    ...(createTime ? { createTime } : {}),
    ...(expireTime ? { expireTime } : {}),
  });
}
