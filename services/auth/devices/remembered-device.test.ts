import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { AuthenticationPolicySchema, MfaRequirement } from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import { UpdateAuthenticationPolicyRequestSchema } from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { BrowserContextSchema, SubmitTotpRequestSchema } from "#gen/koder/auth/v1/flow_internal_pb.ts";
import {
  DeleteRememberedDeviceRequestSchema,
  ListRememberedDevicesRequestSchema,
} from "#gen/koder/auth/v1/factor_service_pb.ts";
import { FlowState } from "#gen/koder/auth/v1/flow_pb.ts";
import { CheckSignInRequestSchema } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { aBrowser, refusal } from "../auth-fixture.ts";
import { factorFixture, person } from "../factors/factor-fixture.ts";
import { submitTotp } from "../flows/submit-totp.ts";
import { checkSignIn } from "../policy/check-sign-in.ts";
import { updateAuthenticationPolicy } from "../policy/update-authentication-policy.ts";
import { deleteRememberedDevice } from "./delete-remembered-device.ts";
import { listRememberedDevices } from "./list-remembered-devices.ts";

const day = 86_400_000;
const another = { browserToken: "another-browser-of-22-characters" };

async function withDevices(days = 7) {
  const f = await factorFixture();
  const { dependencies, ana } = f;
  const { secret, factorId } = await f.app();
  const policy = async (paths: string[], values: MessageInitShape<typeof AuthenticationPolicySchema>) => {
    const request = { policy: create(AuthenticationPolicySchema, values), updateMask: { paths } };
    await updateAuthenticationPolicy(dependencies)(
      create(UpdateAuthenticationPolicyRequestSchema, request),
      handlerContext(),
    );
  };
  const remembering = (forDays: number) =>
    policy(
      ["remembered_device_lifetime"],
      forDays === 0 ? {} : { rememberedDeviceLifetime: durationFromMs(forDays * day) },
    );
  await remembering(days);
  /** Signs in with both factors, and says whether the browser is to be remembered. */
  const signIn = async (rememberDevice = true) => {
    f.advance(30_000);
    const flowId = (await f.attempt("ana", ana.password)).flow?.id ?? "";
    const browser = create(BrowserContextSchema, { ...aBrowser, userAgent: "Firefox", rememberDevice });
    const request = create(SubmitTotpRequestSchema, { flowId, browser, code: f.codeOf(secret) });
    return submitTotp(dependencies)(request, handlerContext());
  };
  /** Whether a password alone signs in. */
  const isAsked = async (browser: { browserToken?: string } = {}, asked: { acrValues?: string[] } = {}) => {
    return (await f.attempt("ana", ana.password, browser, asked)).flow?.state === FlowState.MFA_REQUIRED;
  };
  const list = async (calling = person(ana.id)) =>
    (
      await listRememberedDevices(dependencies)(
        create(ListRememberedDevicesRequestSchema, { userId: "me" }),
        handlerContext(calling),
      )
    ).devices;
  const forget = (deviceId: string, calling = person(ana.id)) =>
    deleteRememberedDevice(dependencies)(
      create(DeleteRememberedDeviceRequestSchema, { userId: "me", deviceId }),
      handlerContext(calling),
    );
  return { f, factorId, policy, remembering, signIn, isAsked, list, forget };
}

describe("a browser that is remembered", () => {
  test("is asked for no second factor while the policy says, and the token tells what was shown", async () => {
    const { f, signIn, isAsked, list } = await withDevices();
    await signIn();
    expect(f.sessions.at(-1)).toMatchObject({ amr: ["pwd", "otp", "mfa"], secondFactorRemembered: false });
    expect(await isAsked()).toBe(false);
    expect(f.sessions.at(-1)).toMatchObject({
      amr: ["pwd"],
      acr: "urn:koder:acr:1fa",
      secondFactorRemembered: true,
    });
    expect(await list()).toMatchObject([{ userAgent: "Firefox" }]);
    f.advance(7 * day - 60_000);
    expect(await isAsked()).toBe(false);
    f.advance(60_000);
    expect(await isAsked()).toBe(true);
    expect(await list()).toEqual([]);
  });

  test("is no other browser, and none of somebody who did not want it", async () => {
    const { signIn, isAsked } = await withDevices();
    await signIn(false);
    expect(await isAsked()).toBe(true);
    await signIn();
    expect(await isAsked(another)).toBe(true);
  });

  test("A15: never stands in for a factor that the client asks for", async () => {
    const { signIn, isAsked } = await withDevices();
    await signIn();
    expect(await isAsked({}, { acrValues: ["urn:koder:acr:mfa"] })).toBe(true);
  });

  test("ends with whatever voids the person, and with a factor more or less", async () => {
    const { f, signIn, isAsked, factorId } = await withDevices();
    await signIn();
    f.ana.epoch += 1n;
    expect(await isAsked()).toBe(true);
    await signIn();
    await f.app("another");
    expect(await isAsked()).toBe(true);
    await signIn();
    expect(await isAsked()).toBe(false);
    await f.remove(factorId);
    expect(await isAsked()).toBe(true);
  });

  test("is asked before a password is changed", async () => {
    const { f, signIn, isAsked } = await withDevices();
    await signIn();
    f.ana.passwordChangeRequired = true;
    expect(await isAsked()).toBe(true);
  });

  test("ends when it is forgotten, by its person alone, and when the policy says less or no more", async () => {
    const { f, signIn, isAsked, list, forget, remembering } = await withDevices();
    await signIn();
    const [{ id } = { id: "" }] = await list();
    const stranger = person("01JOTHER000000000000000000");
    expect(await list(stranger)).toEqual([]);
    expect(await refusal(forget(id, stranger))).toMatchObject({ reason: "DEVICE_NOT_FOUND" });
    await forget(id);
    expect(await refusal(forget(id))).toMatchObject({ reason: "DEVICE_NOT_FOUND" });
    expect(await isAsked()).toBe(true);
    await signIn();
    f.advance(2 * day);
    await remembering(1);
    expect(await isAsked()).toBe(true);
    await remembering(7);
    expect(await isAsked()).toBe(false);
    await remembering(0);
    expect(await isAsked()).toBe(true);
    const states = (await f.events()).flatMap(({ payload }) =>
      payload.case === "rememberedDeviceChanged" ? [payload.value.state] : [],
    );
    expect(states).toEqual(["remembered", "forgotten", "remembered"]);
  });
});

test("by default no browser is remembered, whatever the form says", async () => {
  const { signIn, isAsked, list } = await withDevices(0);
  await signIn();
  expect(await list()).toEqual([]);
  expect(await isAsked()).toBe(true);
});

test("where a second factor is required, a session of a remembered browser is enough, unless the client asks", async () => {
  const { f, policy, signIn, isAsked } = await withDevices();
  await policy(["mfa"], { mfa: MfaRequirement.REQUIRED });
  await signIn();
  expect(await isAsked()).toBe(false);
  const check = async (secondFactorRemembered: boolean, acrValues: string[] = []) => {
    const request = { userId: f.ana.id, acr: "urn:koder:acr:1fa", clientId: "app", acrValues, secondFactorRemembered };
    return (await checkSignIn(f.dependencies)(create(CheckSignInRequestSchema, request), handlerContext())).sufficient;
  };
  expect(await check(false)).toBe(false);
  expect(await check(true)).toBe(true);
  expect(await check(true, ["urn:koder:acr:mfa"])).toBe(false);
});
