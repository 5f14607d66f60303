import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CheckTokenResponseSchema,
  type CheckTokenRequest,
  type CheckTokenResponse,
} from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { TenantStore } from "../../store/store.ts";
import { grants, revokedTokens } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { isGrantAlive } from "../refresh/grant-alive.ts";
import { epochOf } from "./epoch.ts";

/** The one revocation rule, for a token whose signature and expiry the caller has verified. */
export function checkToken({ store, clock }: SessionDependencies) {
  return async (request: CheckTokenRequest, context: HandlerContext): Promise<CheckTokenResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    if (request.grantId === "") {
      return create(CheckTokenResponseSchema, { active: await isClientsTokenActive(data, request) });
    }
    const stored = await data.get(grants, request.grantId);
    if (stored === undefined || stored.record.clientId !== request.clientId) return notGood();
    if (!(await isGrantAlive(data, stored.record, clock()))) return notGood();
    const { userId, claims, sessionId } = stored.record;
    return create(CheckTokenResponseSchema, { active: true, userId, claims, sessionId });
  };
}

const notGood = (): CheckTokenResponse => create(CheckTokenResponseSchema, { active: false });

/** A token that a client got for itself has no grant that could end: it can be revoked by its `jti` alone. */
async function isClientsTokenActive(
  data: TenantStore,
  { clientId, clientEpoch, jti }: CheckTokenRequest,
): Promise<boolean> {
  const [epoch, revoked] = await Promise.all([
    epochOf(data, { client: clientId }),
    jti === "" ? undefined : data.get(revokedTokens, jti),
  ]);
  return epoch === clientEpoch && revoked === undefined;
}
