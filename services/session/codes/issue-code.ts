import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { CodeSchema } from "#gen/koder/session/store/v1/code_pb.ts";
import {
  IssueCodeResponseSchema,
  type IssueCodeRequest,
  type IssueCodeResponse,
} from "#gen/koder/session/v1/grant_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { insert } from "../../store/writes.ts";
import { randomToken } from "../../vault/random.ts";
import { placeOf } from "../browser-sessions/place.ts";
import { noteUse } from "../browser-sessions/session-use.ts";
import { liveSession } from "../browser-sessions/live-session.ts";
import { codes, epochs, sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { subjectKey } from "../revocation/epoch.ts";
import { revokedVersion } from "../revocation/revoked-consent.ts";

/** Names the keyed hash under which a code is kept. */
export const codeUse = "authorization-code";

/**
 * Issues an authorization code (RFC 6749 §4.1.2): 256 random bits of which only the keyed hash is kept, bound to client,
 * redirect URI, challenge, session and tenant. One write. A session that has ended since it was looked at gives none.
 */
export function issueCode({ store, vault, recentUses, clock, lifetimes }: SessionDependencies) {
  return async (request: IssueCodeRequest, context: HandlerContext): Promise<IssueCodeResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const [stored, tenantVault] = await Promise.all([
      data.get(sessions, request.sessionId),
      vault.tenant(call.tenantId),
    ]);
    const userId = stored?.record.userId ?? "";
    const [ofUser, ofClient] = await data.getAll(epochs, [
      subjectKey({ user: userId }),
      subjectKey({ client: request.clientId }),
    ]);
    const userEpoch = ofUser?.record.epoch ?? 0n;
    const session = await liveSession(data, stored, clock(), userEpoch);
    if (session === undefined) {
      return create(IssueCodeResponseSchema, { outcome: { case: "sessionEnded", value: {} } });
    }
    const now = clock();
    const code = randomToken("kac_");
    const useBefore = now + lifetimes.code;
    const record = create(CodeSchema, {
      codeHash: tenantVault.keyedHash(codeUse, code),
      clientId: request.clientId,
      redirectUri: request.redirectUri,
      codeChallenge: request.codeChallenge,
      nonce: request.nonce,
      scopes: request.scopes,
      resources: request.resources,
      claims: request.claims,
      dpopJkt: request.dpopJkt,
      sessionId: session.id,
      userId: session.userId,
      acr: session.acr,
      amr: session.amr,
      authTimeRequested: request.authTimeRequested,
      userEpoch,
      clientEpoch: ofClient?.record.epoch ?? 0n,
      consentVersion: request.consentVersion ?? revokedVersion(ofUser?.record, request.clientId),
      useBefore: timestampFromMs(useBefore),
      expireTime: timestampFromMs(useBefore + lifetimes.codeKept),
      ...(session.authTime ? { authTime: session.authTime } : {}),
      ...(session.expireTime ? { sessionExpireTime: session.expireTime } : {}),
    });
    const event = eventOf(
      call,
      now,
      { type: "code", id: record.codeHash, version: 1 },
      {
        case: "authorizationCodeIssued",
        value: {
          $typeName: "koder.events.v1.AuthorizationCodeIssued",
          clientId: record.clientId,
          userId: record.userId,
        },
      },
    );
    await data.commit([insert(codes, record)], [event]);
    await noteUse(data, recentUses, session, now, placeOf(call.clientAddress));
    return create(IssueCodeResponseSchema, { outcome: { case: "code", value: code } });
  };
}
