import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { DeviceCodeSchema, type DeviceCode } from "#gen/koder/session/store/v1/device_code_pb.ts";
import {
  DeviceCodeRefusal,
  RedeemDeviceCodeResponseSchema,
  type RedeemDeviceCodeRequest,
  type RedeemDeviceCodeResponse,
} from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { callOf } from "../../host/call.ts";
import type { SessionSchema } from "#gen/koder/session/store/v1/session_pb.ts";
import type { Stored, TenantStore } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { beginGrant, grantOf, redeemedGrant } from "../codes/begin-grant.ts";
import { keptSession } from "../browser-sessions/kept-session.ts";
import { deviceCodes } from "../collections.ts";
import type { SessionDependencies } from "../dependencies.ts";
import { isScopeLeft } from "../refresh/client-may-go-on.ts";
import { endGrant } from "../refresh/end-grant.ts";
import { doEpochsHold } from "../refresh/grant-alive.ts";
import { isResourceGranted } from "../refresh/granted-resource.ts";
import { findByDeviceCode } from "./find-by-code.ts";
import { createPollTimes } from "./poll-times.ts";
import { slowDown } from "./slow-down.ts";
import { isExpired } from "./waiting-device.ts";

/**
 * Redeems a device code (RFC 8628 §3.4 and §3.5). Bound to client and tenant; marking it used, its grant and its refresh
 * family are one commit. Use before all else: a second one, also one at the same moment, ends the grant of the first, as with
 * an authorization code. Asking while the person has not decided costs one read and no write, unless it is too often.
 */
export function redeemDeviceCode(dependencies: SessionDependencies) {
  const { store, vault, clock, lifetimes } = dependencies;
  const polls = createPollTimes();
  return async (request: RedeemDeviceCodeRequest, context: HandlerContext): Promise<RedeemDeviceCodeResponse> => {
    const call = callOf(context);
    const data = store.tenant(call.tenantId);
    const tenantVault = await vault.tenant(call.tenantId);
    const stored = await findByDeviceCode(data, tenantVault, request.deviceCode);
    if (stored === undefined) return refused(DeviceCodeRefusal.UNKNOWN);
    const { record, version } = stored;
    const now = clock();
    const checked = await check(data, record, request, now);
    if (checked === DeviceCodeRefusal.REUSED) await endGrant(data, call, now, record.grantId, "code_reuse");
    if (checked === DeviceCodeRefusal.PENDING) {
      const before = polls.note(`${call.tenantId}/${record.codeHash}`, now);
      const isSlowed = await slowDown(data, call, stored, before, now);
      return refused(isSlowed ? DeviceCodeRefusal.TOO_FAST : checked);
    }
    if (typeof checked === "number") return refused(checked);

    const { expireTime } = checked.record;
    const subject = {
      ...record,
      authTimeRequested: request.authTimeRequested,
      claims: "",
      ...(expireTime ? { sessionExpireTime: expireTime } : {}),
    };
    const grant = grantOf(subject, request, now, lifetimes);
    const used = create(DeviceCodeSchema, { ...record, grantId: grant.id });
    const beginning = await beginGrant(data, call, now, replace(deviceCodes, used, version), grant, checked);
    if (beginning === "session ended") return refused(DeviceCodeRefusal.REVOKED);
    if (beginning === "already used") {
      const winner = await data.get(deviceCodes, record.codeHash);
      // Taken back in between, and not used.
      if (winner === undefined || winner.record.grantId === "") return refused(DeviceCodeRefusal.REVOKED);
      await endGrant(data, call, now, winner.record.grantId, "code_reuse");
      return refused(DeviceCodeRefusal.REUSED);
    }
    return create(RedeemDeviceCodeResponseSchema, {
      outcome: { case: "redeemed", value: redeemedGrant(tenantVault, call, grant) },
    });
  };
}

/** Each check by name; the session of a code that is good. */
async function check(
  data: TenantStore,
  record: DeviceCode,
  request: RedeemDeviceCodeRequest,
  now: number,
): Promise<DeviceCodeRefusal | Stored<typeof SessionSchema>> {
  if (record.grantId !== "") return DeviceCodeRefusal.REUSED;
  if (record.clientId !== request.clientId) return DeviceCodeRefusal.OTHER_CLIENT;
  if (isExpired(record, now)) return DeviceCodeRefusal.EXPIRED;
  if (record.decision === "denied") return DeviceCodeRefusal.DENIED;
  if (record.decision !== "allowed") return DeviceCodeRefusal.PENDING;
  if (!isResourceGranted(record.resources, request)) return DeviceCodeRefusal.RESOURCE;
  if (!isScopeLeft(record.scopes, request.clientScopes)) return DeviceCodeRefusal.SCOPE;
  const [epochsHold, session] = await Promise.all([
    doEpochsHold(data, record),
    keptSession(data, record.sessionId, now),
  ]);
  return epochsHold && session !== undefined ? session : DeviceCodeRefusal.REVOKED;
}

const refused = (refusal: DeviceCodeRefusal): RedeemDeviceCodeResponse =>
  create(RedeemDeviceCodeResponseSchema, { outcome: { case: "refusal", value: refusal } });
