import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { DeviceCodeSchema, type DeviceCode } from "#gen/koder/session/store/v1/device_code_pb.ts";
import {
  DecideDeviceCodeResponseSchema,
  DeviceDecisionOutcome,
  type DecideDeviceCodeRequest,
  type DecideDeviceCodeResponse,
} from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { Conflict } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { placeOf } from "../browser-sessions/place.ts";
import { noteUse } from "../browser-sessions/session-use.ts";
import { liveSession } from "../browser-sessions/live-session.ts";
import { deviceCodes, sessions } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { revokedVersionOf } from "../revocation/revoked-consent.ts";
import { isExpired, isWaiting } from "./waiting-device.ts";

const answer = (outcome: DeviceDecisionOutcome) => create(DecideDeviceCodeResponseSchema, { outcome });

/**
 * Notes what a person decided, once: what has been decided stays so. Of two people who decide at the same moment one does. What
 * is allowed carries the session of who allowed it, and gives nothing any more when that has ended before the device asks.
 */
export function decideDeviceCode({ store, recentUses, clock }: SessionDependencies) {
  return async (request: DecideDeviceCodeRequest, context: HandlerContext): Promise<DecideDeviceCodeResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const decision = request.allowed ? "allowed" : "denied";
    for (;;) {
      const [stored, session] = await Promise.all([
        data.get(deviceCodes, request.deviceCodeId),
        data.get(sessions, request.sessionId).then((found) => liveSession(data, found, clock())),
      ]);
      const now = clock();
      if (session === undefined) return answer(DeviceDecisionOutcome.SESSION_ENDED);
      if (stored === undefined || isExpired(stored.record, now)) return answer(DeviceDecisionOutcome.GONE);
      const { record, version } = stored;
      // The form was sent twice.
      if (record.decision === decision && record.sessionId === session.id) return answer(DeviceDecisionOutcome.DECIDED);
      if (!isWaiting(record, now)) return answer(DeviceDecisionOutcome.GONE);
      const decided = create(DeviceCodeSchema, {
        ...record,
        decision,
        sessionId: session.id,
        userId: session.userId,
        acr: session.acr,
        amr: session.amr,
        userEpoch: session.userEpoch,
        consentVersion: await revokedVersionOf(data, { userId: session.userId, clientId: record.clientId }),
        ...(session.authTime ? { authTime: session.authTime } : {}),
      });
      try {
        await data.commit(
          [replace(deviceCodes, decided, version)],
          [deviceCodeDecided(call, now, decided, version + 1)],
        );
        await noteUse(data, recentUses, session, now, placeOf(call.clientAddress));
        return answer(DeviceDecisionOutcome.DECIDED);
      } catch (error) {
        // Somebody else decided, or the device was told to wait longer: look again. Each turn is another's success.
        if (!(error instanceof Conflict)) throw error;
      }
    }
  };
}

/** The event of a decision that stands in the record. */
const deviceCodeDecided = (call: Call, now: number, record: DeviceCode, version: number) =>
  eventOf(
    call,
    now,
    { type: "device_code", id: record.codeHash, version },
    {
      case: "deviceCodeDecided",
      value: {
        $typeName: "koder.events.v1.DeviceCodeDecided",
        clientId: record.clientId,
        userId: record.userId,
        allowed: record.decision === "allowed",
      },
    },
  );
