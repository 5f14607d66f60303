import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { GrantSchema, type Grant } from "#gen/koder/session/store/v1/grant_pb.ts";
import {
  GrantRefusal,
  RefreshGrantResponseSchema,
  type RefreshGrantRequest,
  type RefreshGrantResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { randomBytes } from "../../vault/random.ts";
import type { TenantVault } from "../../vault/vault.ts";
import { noteUse } from "../browser-sessions/session-use.ts";
import { grants } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { endGrant } from "./end-grant.ts";
import { aliveGrant } from "./grant-alive.ts";
import { grantMessage } from "./grant-message.ts";
import { keyVersionOf, readRefreshToken, writeRefreshToken } from "./refresh-token.ts";
import { refusedToClient } from "./refused-to-client.ts";
import { refreshTerms, type RefreshTerms } from "./refresh-terms.ts";
import { endOf, standingOf } from "./standing.ts";

/** Rotations that one call may lose before it gives up: each loss is another call's success on the same family. */
const attempts = 8;

/**
 * Exchanges a refresh token for its successor (RFC 6749 §6, RFC 9700 §4.14.2). The family is the grant's one row:
 * rotation is one conditional update; an older generation is a replay and ends the grant; the generation just before,
 * within the overlap and as long as its successor was not used, is an honest retry and gets that same successor.
 */
export function refreshGrant({ store, vault, recentUses, clock, lifetimes }: SessionDependencies) {
  return async (request: RefreshGrantRequest, context: HandlerContext): Promise<RefreshGrantResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId, keyVersionOf(request.refreshToken));
    const presented = readRefreshToken(tenantVault, call.tenantId, request.refreshToken);
    if (presented === undefined) return refused(GrantRefusal.UNKNOWN);
    const terms = refreshTerms(request.refreshPolicy, lifetimes);

    for (let attempt = 0; attempt < attempts; attempt++) {
      const now = clock();
      const stored = await data.get(grants, presented.grantId);
      if (stored === undefined) return refused(GrantRefusal.UNKNOWN);
      const grant = stored.record;
      if (grant.clientId !== request.clientId) return refused(GrantRefusal.OTHER_CLIENT);
      const alive = await aliveGrant(data, grant, now);
      if (alive === undefined) return refused(GrantRefusal.REVOKED);
      if (grant.dpopJkt !== "" && grant.dpopJkt !== request.dpopJkt) return refused(GrantRefusal.DPOP_KEY);
      const standing = standingOf(presented, grant, now, terms);
      if (standing.kind === "end") {
        await endGrant(data, call, now, grant.id, standing.reason);
        return refused(standing.refusal);
      }
      const foreign = request.scopes.find((scope) => !grant.scopes.includes(scope));
      if (foreign !== undefined) {
        return create(RefreshGrantResponseSchema, { outcome: { case: "scopeNotGranted", value: foreign } });
      }
      const refusal = refusedToClient(grant, request);
      if (refusal !== undefined) return refused(refusal);
      // Its client uses the session for its person: where they are it does not know.
      if (alive.session !== undefined) await noteUse(data, recentUses, alive.session, now, "");
      if (standing.kind === "retry") return refreshed(tenantVault, call, grant);
      const next = await rotate(data, call, now, stored, {
        ...terms,
        bindTo: request.bindRefreshToken ? request.dpopJkt : "",
      });
      if (next !== undefined) return refreshed(tenantVault, call, next);
    }
    throw failure(ErrorReason.CONFLICT, "the refresh token is being used by too many calls at once");
  };
}

/** One conditional update; undefined when another call was first. A family that is bound to no key is bound to `bindTo`. */
async function rotate(
  data: TenantStore,
  call: Call,
  now: number,
  { record, version }: Stored<typeof GrantSchema>,
  terms: RefreshTerms & { readonly bindTo: string },
): Promise<Grant | undefined> {
  const next = create(GrantSchema, {
    ...record,
    generation: record.generation + 1n,
    salt: randomBytes(16),
    previousSalt: record.salt,
    dpopJkt: record.dpopJkt || terms.bindTo,
    rotateTime: timestampFromMs(now),
    idleLifetime: durationFromMs(terms.idle),
    expireTime: timestampFromMs(endOf(record, terms)),
  });
  const event = eventOf(
    call,
    now,
    { type: "grant", id: record.id, version: version + 1 },
    {
      case: "grantRefreshed",
      value: { $typeName: "koder.events.v1.GrantRefreshed", generation: next.generation, userId: record.userId },
    },
  );
  return (await commitUnlessChanged(data, [replace(grants, next, version)], [event])) ? next : undefined;
}

function refreshed(vault: TenantVault, call: Call, grant: Grant): RefreshGrantResponse {
  const refreshToken = writeRefreshToken(vault, {
    tenantId: call.tenantId,
    grantId: grant.id,
    generation: Number(grant.generation),
    salt: grant.salt,
  });
  return create(RefreshGrantResponseSchema, {
    outcome: { case: "refreshed", value: { grant: grantMessage(grant), refreshToken } },
  });
}

const refused = (refusal: GrantRefusal): RefreshGrantResponse =>
  create(RefreshGrantResponseSchema, { outcome: { case: "refusal", value: refusal } });
