import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  DecideDeviceCodeRequestSchema,
  TryUserCodeRequestSchema,
  GetDeviceCodeRequestSchema,
  IssueDeviceCodeRequestSchema,
  RedeemDeviceCodeRequestSchema,
} from "#gen/koder/session/v1/device_code_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { sessionFixture } from "../session-fixture.ts";
import { decideDeviceCode } from "./decide-device-code.ts";
import { tryUserCode } from "./try-user-code.ts";
import { getDeviceCode } from "./get-device-code.ts";
import { issueDeviceCode } from "./issue-device-code.ts";
import { redeemDeviceCode } from "./redeem-device-code.ts";

/** The session fixture, with what a device and its person do. `replica` makes one more process on the same store. */
export async function deviceFixture() {
  const f = await sessionFixture();
  const { dependencies, clientId } = f;
  const replica = () => {
    const redeem = redeemDeviceCode(dependencies);
    return (deviceCode: string, overrides: Record<string, unknown> = {}, tenantId = "t1") =>
      redeem(
        create(RedeemDeviceCodeRequestSchema, {
          deviceCode,
          clientId,
          refreshTokenAllowed: true,
          accessTokenLifetime: durationFromMs(900_000),
          ...overrides,
        }),
        handlerContext({ tenantId }),
      );
  };
  const find = async (userCode: string, remoteAddress = "192.0.2.1", tenantId = "t1") => {
    const request = create(TryUserCodeRequestSchema, { userCode, remoteAddress });
    return (await tryUserCode(dependencies)(request, handlerContext({ tenantId }))).device;
  };
  const decide = async (deviceCodeId: string, sessionId: string, allowed = true) => {
    const request = create(DecideDeviceCodeRequestSchema, { deviceCodeId, sessionId, allowed });
    return (await decideDeviceCode(dependencies)(request, handlerContext())).outcome;
  };
  const issue = (scopes = ["openid", "offline_access"], resources: string[] = []) =>
    issueDeviceCode(dependencies)(
      create(IssueDeviceCodeRequestSchema, { clientId, scopes, resources }),
      handlerContext(),
    );
  const sessionId = async () => (await f.signIn()).session?.id ?? "";
  return {
    ...f,
    issue,
    find,
    decide,
    sessionId,
    replica,
    redeemDevice: replica(),
    get: async (deviceCodeId: string) =>
      (await getDeviceCode(dependencies)(create(GetDeviceCodeRequestSchema, { deviceCodeId }), handlerContext()))
        .device,
    /** A device code that a person has decided. */
    async decided(allowed = true, resources?: string[]) {
      const { deviceCode, userCode } = await issue(undefined, resources);
      const device = await find(userCode);
      await decide(device?.deviceCodeId ?? "", await sessionId(), allowed);
      return deviceCode;
    },
  };
}
