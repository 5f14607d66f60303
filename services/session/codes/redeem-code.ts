import { randomBytes } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { durationMs, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { CodeSchema, type Code } from "#gen/koder/session/store/v1/code_pb.ts";
import { GrantSchema, type Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import {
  GrantRefusal,
  RedeemCodeResponseSchema,
  type RedeemCodeRequest,
  type RedeemCodeResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict, type Stored, type TenantStore } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { codes, grants, sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { endGrant } from "../refresh/end-grant.ts";
import { doEpochsHold } from "../refresh/grant-alive.ts";
import { grantMessage } from "../refresh/grant-message.ts";
import { writeRefreshToken } from "../refresh/refresh-token.ts";
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
    const stored = await findCode(data, tenantVault, request.code);
    if (stored === undefined) return refused(GrantRefusal.UNKNOWN);
    const now = clock();
    const refusal = await refusalOf(data, stored.record, request, now);
    if (refusal === GrantRefusal.REUSED) await endGrant(data, call, now, stored.record.grantId, "code_reuse");
    if (refusal !== undefined) return refused(refusal);

    const grant = grantOf(stored.record, request, now, dependencies.lifetimes.refreshAbsolute);
    try {
      await data.commit(
        [
          replace(codes, create(CodeSchema, { ...stored.record, grantId: grant.id }), stored.version),
          insert(grants, grant),
        ],
        [grantCreated(call, now, grant)],
      );
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      const winner = await data.get(codes, stored.record.codeHash);
      if (winner === undefined) return refused(GrantRefusal.REVOKED);
      // Another call used the code between our read and our commit: this is the second use.
      await endGrant(data, call, now, winner.record.grantId, "code_reuse");
      return refused(GrantRefusal.REUSED);
    }
    return create(RedeemCodeResponseSchema, {
      outcome: {
        case: "redeemed",
        value: {
          grant: grantMessage(grant, stored.record.nonce),
          refreshToken:
            grant.generation === 0n
              ? ""
              : writeRefreshToken(tenantVault, {
                  tenantId: call.tenantId,
                  grantId: grant.id,
                  generation: Number(grant.generation),
                  salt: grant.salt,
                }),
        },
      },
    });
  };
}

async function findCode(
  data: TenantStore,
  vault: TenantVault,
  code: string,
): Promise<Stored<typeof CodeSchema> | undefined> {
  if (code === "") return undefined;
  for (const hash of vault.keyedHashes(codeUse, code)) {
    const stored = await data.get(codes, hash);
    if (stored !== undefined) return stored;
  }
  return undefined;
}

/** Each check by name; undefined when the code is good. Use before all else: a stolen code shows itself by it. */
async function refusalOf(
  data: TenantStore,
  code: Code,
  request: RedeemCodeRequest,
  now: number,
): Promise<GrantRefusal | undefined> {
  if (code.grantId !== "") return GrantRefusal.REUSED;
  if (!code.useBefore || now >= timestampMs(code.useBefore)) return GrantRefusal.UNKNOWN;
  if (code.clientId !== request.clientId) return GrantRefusal.OTHER_CLIENT;
  if (code.redirectUri !== request.redirectUri) return GrantRefusal.REDIRECT_URI;
  if (!verifierFits(code.codeChallenge, request.codeVerifier)) return GrantRefusal.CODE_VERIFIER;
  if (code.dpopJkt !== "" && code.dpopJkt !== request.dpopJkt) return GrantRefusal.DPOP_KEY;
  const [epochsHold, session] = await Promise.all([doEpochsHold(data, code), data.get(sessions, code.sessionId)]);
  return epochsHold && session !== undefined ? undefined : GrantRefusal.REVOKED;
}

/** The grant that a code gives; with a refresh family where offline access was granted and the client may refresh. */
function grantOf(code: Code, request: RedeemCodeRequest, now: number, refreshLifetime: number): Grant {
  const offline = request.refreshTokenAllowed && code.scopes.includes("offline_access");
  const lifetime = offline ? refreshLifetime : accessTokenLifetime(request);
  return create(GrantSchema, {
    id: ulid(now),
    clientId: code.clientId,
    userId: code.userId,
    sessionId: code.sessionId,
    offline,
    scopes: code.scopes,
    resources: code.resources,
    claims: code.claims,
    dpopJkt: offline && request.bindRefreshToken ? request.dpopJkt : "",
    acr: code.acr,
    amr: code.amr,
    authTimeRequested: code.authTimeRequested,
    userEpoch: code.userEpoch,
    clientEpoch: code.clientEpoch,
    createTime: timestampFromMs(now),
    expireTime: timestampFromMs(now + lifetime),
    ...(code.authTime ? { authTime: code.authTime } : {}),
    ...(offline ? { generation: 1n, salt: randomBytes(16), rotateTime: timestampFromMs(now) } : {}),
  });
}

const accessTokenLifetime = (request: RedeemCodeRequest): number =>
  request.accessTokenLifetime ? durationMs(request.accessTokenLifetime) : 0;

const grantCreated = (call: Call, now: number, grant: Grant) =>
  eventOf(
    call,
    now,
    { type: "grant", id: grant.id, version: 1 },
    {
      case: "grantCreated",
      value: {
        $typeName: "koder.events.v1.GrantCreated",
        clientId: grant.clientId,
        userId: grant.userId,
        scopes: grant.scopes,
      },
    },
  );

const refused = (refusal: GrantRefusal): RedeemCodeResponse =>
  create(RedeemCodeResponseSchema, { outcome: { case: "refusal", value: refusal } });
