import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  InspectRefreshTokenResponseSchema,
  type InspectRefreshTokenRequest,
  type InspectRefreshTokenResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { grants } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { isGrantAlive } from "./grant-alive.ts";
import { grantMessage } from "./grant-message.ts";
import { keyVersionOf, readRefreshToken } from "./refresh-token.ts";
import { refusedToClient } from "./refused-to-client.ts";
import { goodUntil, standingOf } from "./standing.ts";

/**
 * What a refresh token is good for (RFC 7662 §2.2). Good is the newest one of a grant that is alive. One that was replaced
 * is not, though an honest retry may still get its successor; and to look at a replay ends nothing, because whoever
 * introspects did not use it.
 */
export function inspectRefreshToken({ store, vault, clock, lifetimes }: SessionDependencies) {
  return async (request: InspectRefreshTokenRequest, context: HandlerContext): Promise<InspectRefreshTokenResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId, keyVersionOf(request.refreshToken));
    const presented = readRefreshToken(tenantVault, call.tenantId, request.refreshToken);
    if (presented === undefined) return notGood();
    const stored = await data.get(grants, presented.grantId);
    if (stored === undefined || !(await isGrantAlive(data, stored.record, clock()))) return notGood();
    const { record } = stored;
    // As a refresh that asks for all that there is.
    if (refusedToClient(record, { ...request, scopes: [], resource: "", issuer: "" }) !== undefined) return notGood();
    // Of the lifetimes that the client's settings give now, the row knows what they were when the token was made.
    const idle = record.idleLifetime ? durationMs(record.idleLifetime) : lifetimes.refreshIdle;
    const terms = { overlap: lifetimes.refreshOverlap, idle, absolute: Infinity };
    const standing = standingOf(presented, record, clock(), terms);
    if (standing.kind !== "rotate") return notGood();
    return create(InspectRefreshTokenResponseSchema, {
      grant: grantMessage(record),
      expireTime: timestampFromMs(goodUntil(record, terms)),
    });
  };
}

const notGood = (): InspectRefreshTokenResponse => create(InspectRefreshTokenResponseSchema, {});
