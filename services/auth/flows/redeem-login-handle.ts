import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import {
  RedeemLoginHandleResponseSchema,
  type RedeemLoginHandleRequest,
  type RedeemLoginHandleResponse,
} from "#gen/koder/auth/v1/login_handle_internal_pb.ts";
import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { Conflict } from "../../store/store.ts";
import { remove } from "../../store/writes.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { loginHandles } from "../collections.ts";
import type { AuthDependencies } from "../dependencies.ts";
import { acceptedFor, rulesOfSignIn, shorter } from "../policy/effective-policy.ts";
import { acrOf } from "./acr.ts";
import { flowUses } from "./flow-secrets.ts";

/**
 * Uses a login handle up, and begins the session that its client's tokens belong to (security A33). The handle first: a crash
 * before the session leaves it used, and nothing open. Whether the client may still run flows is looked at again.
 */
export function redeemLoginHandle({ store, vault, peers, policies }: AuthDependencies) {
  return async (request: RedeemLoginHandleRequest, context: HandlerContext): Promise<RedeemLoginHandleResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const { clientId, loginHandle } = request;
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await findBySecret(tenantVault, flowUses.loginHandle, loginHandle, (hash) =>
      data.get(loginHandles, hash),
    );
    const policy = await policies.get(call);
    const refused = create(RedeemLoginHandleResponseSchema);
    if (stored?.record.clientId !== clientId || !policy.directFlows.has(clientId)) return refused;
    try {
      await data.commit([remove(loginHandles, stored)], []);
    } catch (error) {
      if (error instanceof Conflict) return refused;
      throw error;
    }
    const { userId, amr, firstFactor, secondFactors, authTime, userEpoch, remoteAddress } = stored.record;
    const { sessionLifetime, idleLifetime } = await rulesOfSignIn({ policies, peers }, call, { userId, clientId });
    // The session is for nobody else than this client.
    const accepted = acceptedFor(policy, clientId);
    const lifetime = Math.min(sessionLifetime, accepted.lifetime ?? sessionLifetime);
    const idle = shorter(idleLifetime, accepted.idle);
    const { sessionToken } = await peers.client(BrowserSessionService).createSession(
      {
        userId,
        ...(authTime ? { authTime } : {}),
        acr: acrOf(amr),
        amr,
        firstFactor,
        secondFactors,
        userEpoch,
        lifetime: durationFromMs(lifetime),
        ...(idle === undefined ? {} : { idleLifetime: durationFromMs(idle) }),
        remoteAddress,
      },
      forward(call),
    );
    return create(RedeemLoginHandleResponseSchema, { sessionToken });
  };
}
