import { BrowserSessionService } from "#gen/koder/session/v1/browser_session_internal_pb.ts";
import { DeviceCodeService } from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { GrantService } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { ProofService } from "#gen/koder/session/v1/proof_internal_pb.ts";
import { RevocationService } from "#gen/koder/session/v1/revocation_internal_pb.ts";
import { SessionService } from "#gen/koder/session/v1/session_service_pb.ts";
import { PersonalDataService } from "#gen/koder/session/v1/personal_data_internal_pb.ts";
import { implementation, type ServiceModule } from "../host/service-module.ts";
import { signOut } from "./browser-sessions/sign-out.ts";
import { endRunOutSessions } from "./browser-sessions/end-run-out-sessions.ts";
import { finishEnds } from "./browser-sessions/finish-ends.ts";
import { createSession } from "./browser-sessions/create-session.ts";
import { listSessionClients } from "./browser-sessions/list-session-clients.ts";
import { getSessionFactors } from "./browser-sessions/get-session-factors.ts";
import { getSessionUse } from "./browser-sessions/get-session-use.ts";
import { resolveSession } from "./browser-sessions/resolve-session.ts";
import { issueCode } from "./codes/issue-code.ts";
import { redeemCode } from "./codes/redeem-code.ts";
import type { SessionDependencies } from "./dependencies.ts";
import { inspectRefreshToken } from "./refresh/inspect-refresh-token.ts";
import { decideDeviceCode } from "./device-codes/decide-device-code.ts";
import { tryUserCode } from "./device-codes/try-user-code.ts";
import { getDeviceCode } from "./device-codes/get-device-code.ts";
import { issueDeviceCode } from "./device-codes/issue-device-code.ts";
import { redeemDeviceCode } from "./device-codes/redeem-device-code.ts";
import { collectPersonalData } from "./personal-data.ts";
import { useProof } from "./proofs/use-proof.ts";
import { refreshGrant } from "./refresh/refresh-grant.ts";
import { revokeGrant } from "./refresh/revoke-grant.ts";
import { bumpEpoch } from "./revocation/bump-epoch.ts";
import { checkToken } from "./revocation/check-token.ts";
import { getUserEpoch } from "./revocation/get-user-epoch.ts";
import { revokeAccessToken } from "./revocation/revoke-access-token.ts";
import { getSession } from "./sessions/get-session.ts";
import { listSessions } from "./sessions/list-sessions.ts";
import { revokeSession } from "./sessions/revoke-session.ts";
import { revokeSessions } from "./sessions/revoke-sessions.ts";
import { revokeOtherSessions } from "./sessions/revoke-other-sessions.ts";
import { revokeUserSession } from "./sessions/revoke-user-session.ts";
import { revokeUserSessions } from "./sessions/revoke-user-sessions.ts";

/** The session service: browser sessions, codes, device codes, grants, refresh families, and the one rule of what is still good. */
export function createSessionService(dependencies: SessionDependencies): ServiceModule {
  return {
    name: "session",
    implementations: [
      implementation(SessionService, {
        getSession: getSession(dependencies),
        listSessions: listSessions(dependencies),
        revokeSession: revokeSession(dependencies),
        revokeSessions: revokeSessions(dependencies),
        revokeUserSessions: revokeUserSessions(dependencies),
        revokeUserSession: revokeUserSession(dependencies),
        revokeOtherSessions: revokeOtherSessions(dependencies),
      }),
      implementation(BrowserSessionService, {
        createSession: createSession(dependencies),
        resolveSession: resolveSession(dependencies),
        getSessionUse: getSessionUse(dependencies),
        getSessionFactors: getSessionFactors(dependencies),
        endSession: signOut(dependencies),
        listSessionClients: listSessionClients(dependencies),
      }),
      implementation(GrantService, {
        issueCode: issueCode(dependencies),
        redeemCode: redeemCode(dependencies),
        refreshGrant: refreshGrant(dependencies),
        inspectRefreshToken: inspectRefreshToken(dependencies),
        revokeGrant: revokeGrant(dependencies),
      }),
      implementation(PersonalDataService, { collectPersonalData: collectPersonalData(dependencies) }),
      implementation(ProofService, { useProof: useProof(dependencies) }),
      implementation(DeviceCodeService, {
        issueDeviceCode: issueDeviceCode(dependencies),
        tryUserCode: tryUserCode(dependencies),
        getDeviceCode: getDeviceCode(dependencies),
        decideDeviceCode: decideDeviceCode(dependencies),
        redeemDeviceCode: redeemDeviceCode(dependencies),
      }),
      implementation(RevocationService, {
        checkToken: checkToken(dependencies),
        revokeAccessToken: revokeAccessToken(dependencies),
        getUserEpoch: getUserEpoch(dependencies),
        bumpEpoch: bumpEpoch(dependencies),
      }),
    ],
    duties: [{ name: "session ends", step: endRunOutSessions(dependencies) }],
    finishWrite: finishEnds(dependencies),
  };
}
