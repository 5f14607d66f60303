import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { CodeSchema, type Code } from "#gen/koder/session/store/v1/code_pb.ts";
import type { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import {
  GrantRefusal,
  RedeemCodeResponseSchema,
  type RedeemCodeRequest,
  type RedeemCodeResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { findBySecret } from "../../vault/find-by-secret.ts";
import { keptSession } from "../browser-sessions/kept-session.ts";
import { codes } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { isScopeLeft } from "../refresh/client-may-go-on.ts";
import { endGrant } from "../refresh/end-grant.ts";
import { isResourceGranted } from "../refresh/granted-resource.ts";
import { doEpochsHold } from "../refresh/grant-alive.ts";
import { beginGrant, grantOf, redeemedGrant } from "./begin-grant.ts";
import { verifierFits } from "./code-verifier.ts";
import { codeUse } from "./issue-code.ts";

/**
 * Redeems an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.6). Bound to client, redirect URI, verifier and tenant
 * (security A9); marking it used, its grant and its refresh family are one commit. A second use, also one at the same
 * moment, ends the grant of the first (RFC 6749 §4.1.2). A use that fails a binding leaves the code as it was: whoever
 * lacks the verifier or the client's credential must not be able to spend it.
 */
export function redeemCode(dependencies: SessionDependencies) {
  const { store, vault, clock } = dependencies;
  return async (request: RedeemCodeRequest, context: HandlerContext): Promise<RedeemCodeResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await findBySecret(tenantVault, codeUse, request.code, (hash) => data.get(codes, hash));
    if (stored === undefined) return refused(GrantRefusal.UNKNOWN);
    const now = clock();
    const checked = await check(data, stored.record, request, now);
    if (checked === GrantRefusal.REUSED) await endGrant(data, call, now, stored.record.grantId, "code_reuse");
    if (typeof checked === "number") return refused(checked);

    const grant = grantOf(stored.record, request, now, dependencies.lifetimes);
    const lifetime = request.accessTokenLifetime ? durationMs(request.accessTokenLifetime) : 0;
    const spent = used(stored.record, grant.id, now + lifetime);
    const beginning = await beginGrant(data, call, now, replace(codes, spent, stored.version), grant, checked);
    if (beginning === "already used") {
      const winner = await data.get(codes, stored.record.codeHash);
      if (winner === undefined) return refused(GrantRefusal.REVOKED);
      // Another call used the code between our read and our commit: this is the second use.
      await endGrant(data, call, now, winner.record.grantId, "code_reuse");
      return refused(GrantRefusal.REUSED);
    }
    if (beginning === "session ended") return refused(GrantRefusal.REVOKED);
    return create(RedeemCodeResponseSchema, {
      outcome: { case: "redeemed", value: redeemedGrant(tenantVault, call, grant, stored.record.nonce) },
    });
  };
}

/** Each check by name; the session of a code that is good. Use before all else: a stolen code shows itself by it. */
async function check(
  data: TenantStore,
  code: Code,
  request: RedeemCodeRequest,
  now: number,
): Promise<GrantRefusal | Stored<typeof SessionSchema>> {
  if (code.grantId !== "") return GrantRefusal.REUSED;
  if (!code.useBefore || now >= timestampMs(code.useBefore)) return GrantRefusal.UNKNOWN;
  if (code.clientId !== request.clientId) return GrantRefusal.OTHER_CLIENT;
  if (code.redirectUri !== request.redirectUri) return GrantRefusal.REDIRECT_URI;
  if (!verifierFits(code.codeChallenge, request.codeVerifier)) return GrantRefusal.CODE_VERIFIER;
  if (code.dpopJkt !== "" && code.dpopJkt !== request.dpopJkt) return GrantRefusal.DPOP_KEY;
  if (!isResourceGranted(code.resources, request)) return GrantRefusal.RESOURCE;
  if (!isScopeLeft(code.scopes, request.clientScopes)) return GrantRefusal.SCOPE;
  const [epochsHold, session] = await Promise.all([doEpochsHold(data, code), keptSession(data, code.sessionId, now)]);
  return epochsHold && session !== undefined ? session : GrantRefusal.REVOKED;
}

/** Kept for as long as the first access token lives, so that a second use is noticed while it is good. */
function used(code: Code, grantId: string, tokenUntil: number): Code {
  const kept = code.expireTime ? timestampMs(code.expireTime) : 0;
  return create(CodeSchema, { ...code, grantId, expireTime: timestampFromMs(Math.max(kept, tokenUntil)) });
}

const refused = (refusal: GrantRefusal): RedeemCodeResponse =>
  create(RedeemCodeResponseSchema, { outcome: { case: "refusal", value: refusal } });
