import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { RevokedTokenSchema } from "#gen/koder/session/store/v1/revoked_token_pb.ts";
import {
  RevokeAccessTokenResponseSchema,
  type RevokeAccessTokenRequest,
  type RevokeAccessTokenResponse,
} from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { revokedTokens } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";

/** How long beyond its token's end a record stays: for clocks of other processes that are behind this one's. */
const keptAfterExpiry = 60_000;

/** Revokes an access token that has no grant to end: its `jti` is kept for as long as the token would be good. */
export function revokeAccessToken({ store, clock }: SessionDependencies) {
  return async (request: RevokeAccessTokenRequest, context: HandlerContext): Promise<RevokeAccessTokenResponse> => {
    const call = callOf(context);
    if (request.expireTime === undefined) throw failure(ErrorReason.INVALID_REQUEST, "expire_time: is required");
    const record = create(RevokedTokenSchema, {
      jti: request.jti,
      clientId: request.clientId,
      expireTime: timestampFromMs(timestampMs(request.expireTime) + keptAfterExpiry),
    });
    const event = eventOf(
      call,
      clock(),
      { type: "access_token", id: record.jti, version: 1 },
      {
        case: "accessTokenRevoked",
        value: { $typeName: "koder.events.v1.AccessTokenRevoked", clientId: record.clientId },
      },
    );
    try {
      await store.tenant(call.tenantId).commit([insert(revokedTokens, record)], [event]);
    } catch (error) {
      // It was revoked before: what was asked for is true.
      if (!(error instanceof Conflict)) throw error;
    }
    return create(RevokeAccessTokenResponseSchema, {});
  };
}
