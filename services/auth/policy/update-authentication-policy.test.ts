import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  AuthenticationPolicySchema,
  MfaRequirement,
  PasskeyUserVerification,
  SignInFactor,
} from "#gen/koder/auth/v1/authentication_policy_pb.ts";
import {
  GetAuthenticationPolicyRequestSchema,
  UpdateAuthenticationPolicyRequestSchema,
} from "#gen/koder/auth/v1/authentication_policy_service_pb.ts";
import { UpdateMailServerRequestSchema } from "#gen/koder/auth/v1/mail_server_service_pb.ts";
import { CheckSignInRequestSchema } from "#gen/koder/auth/v1/sign_in_policy_internal_pb.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { refusal } from "../auth-fixture.ts";
import { factorFixture } from "../factors/factor-fixture.ts";
import { updateMailServer } from "../mail-server/update-mail-server.ts";
import { checkSignIn } from "./check-sign-in.ts";
import { getAuthenticationPolicy } from "./get-authentication-policy.ts";
import { updateAuthenticationPolicy } from "./update-authentication-policy.ts";

const { NEVER, OPTIONAL, REQUIRED } = MfaRequirement;

async function setUp() {
  const f = await factorFixture();
  const get = async (tenantId = "t1") => {
    const request = create(GetAuthenticationPolicyRequestSchema);
    const { policy } = await getAuthenticationPolicy(f.dependencies)(request, handlerContext({ tenantId }));
    if (policy === undefined) throw new Error("no policy was answered");
    return policy;
  };
  const update = (policy: MessageInitShape<typeof AuthenticationPolicySchema>, paths: string[]) =>
    updateAuthenticationPolicy(f.dependencies)(
      create(UpdateAuthenticationPolicyRequestSchema, {
        policy: create(AuthenticationPolicySchema, policy),
        updateMask: { paths },
      }),
      handlerContext(),
    );
  const isEnough = async (acr: string, clientId = "", acrValues: string[] = []) => {
    const request = create(CheckSignInRequestSchema, { userId: f.ana.id, acr, clientId, acrValues });
    return (await checkSignIn(f.dependencies)(request, handlerContext())).sufficient;
  };
  return { f, get, update, isEnough };
}

test("a tenant has the default until it says otherwise, field by field, and another tenant goes on with it", async () => {
  const { f, get, update } = await setUp();
  expect(await get()).toMatchObject({ etag: "v0", mfa: OPTIONAL, clientOverrides: [] });
  expect(durationMs((await get()).sessionLifetime ?? durationFromMs(0))).toBe(12 * 3_600_000);
  await update({ mfa: REQUIRED, sessionLifetime: durationFromMs(600_000) }, ["mfa"]);
  expect(await get()).toMatchObject({ etag: "v1", mfa: REQUIRED });
  expect(durationMs((await get()).sessionLifetime ?? durationFromMs(0))).toBe(12 * 3_600_000);
  await update({ sessionLifetime: durationFromMs(600_000) }, ["session_lifetime"]);
  await f.attempt("ana", f.ana.password);
  expect(await get("t2")).toMatchObject({ etag: "v0", mfa: OPTIONAL });
  expect((await f.events()).filter(({ payload }) => payload.case === "authenticationPolicyUpdated")).toHaveLength(2);
});

test("what breaks a rule, or was read before another change, changes nothing", async () => {
  const { get, update } = await setUp();
  const twice = { clientId: "a", mfa: REQUIRED };
  const invalid = { reason: "AUTHENTICATION_POLICY_INVALID" };
  expect(await refusal(update({ clientOverrides: [twice, twice] }, ["mfa", "client_overrides"]))).toMatchObject(
    invalid,
  );
  expect(await refusal(update({}, ["update_time"]))).toMatchObject(invalid);
  expect(await refusal(update({}, []))).toMatchObject({ reason: "INVALID_REQUEST" });
  await update({ mfa: NEVER, etag: "v0" }, ["mfa"]);
  expect(await refusal(update({ mfa: REQUIRED, etag: "v0" }, ["mfa"]))).toMatchObject({ reason: "ETAG_MISMATCH" });
  expect(await get()).toMatchObject({ mfa: NEVER });
});

test("overrides are of clients that are there; of one that was deleted since it may stay", async () => {
  const { f, get, update } = await setUp();
  const overrides = ["vault", "nobody"].map((clientId) => ({ clientId, mfa: REQUIRED }));
  expect(await refusal(update({ clientOverrides: overrides }, ["client_overrides"]))).toMatchObject({
    reason: "AUTHENTICATION_POLICY_INVALID",
    message: "client_overrides[1].client_id: no client is nobody",
  });
  await update({ clientOverrides: overrides.slice(0, 1) }, ["client_overrides"]);
  f.goneClients.add("vault").add("lunch");
  await update({ clientOverrides: [{ clientId: "vault", mfa: NEVER }] }, ["client_overrides"]);
  expect(await get()).toMatchObject({ clientOverrides: [{ clientId: "vault", mfa: NEVER }] });
  expect(await refusal(update({ clientOverrides: [{ clientId: "lunch" }] }, ["client_overrides"]))).toMatchObject({
    message: "client_overrides[0].client_id: no client is lunch",
  });
});

test("what is asked of passkeys has its defaults, and related origins are origins", async () => {
  const { get, update } = await setUp();
  const { PREFERRED, REQUIRED: VERIFIED } = PasskeyUserVerification;
  expect(await get()).toMatchObject({ passkeyUserVerification: PREFERRED, passkeyRelatedOrigins: [] });
  const wrong = update({ passkeyRelatedOrigins: ["https://app.acme.test/"] }, ["passkey_related_origins"]);
  expect(await refusal(wrong)).toMatchObject({ reason: "AUTHENTICATION_POLICY_INVALID" });
  const change = { passkeyUserVerification: VERIFIED, passkeyRelatedOrigins: ["https://app.acme.test"] };
  await update(change, ["passkey_user_verification", "passkey_related_origins"]);
  expect(await get()).toMatchObject(change);
});

test("how long sessions last counts for those that begin then", async () => {
  const { f, update } = await setUp();
  await f.attempt("ana", f.ana.password);
  await update({ sessionLifetime: durationFromMs(600_000) }, ["session_lifetime"]);
  await f.attempt("ana", f.ana.password);
  expect(f.sessions.map(({ lifetime }) => lifetime && durationMs(lifetime))).toEqual([12 * 3_600_000, 600_000]);
});

test("A15: a session is enough by the policy of the tenant, of the client, and by what the client asks for", async () => {
  const { f, update, isEnough } = await setUp();
  const [one, two] = ["urn:koder:acr:1fa", "urn:koder:acr:mfa"];
  expect(await isEnough(one)).toBe(true);
  expect(await isEnough(one, "", [two]), "nobody can show what they do not have").toBe(true);
  await f.app();
  expect(await isEnough(one), "optional: a session of before goes on").toBe(true);
  expect(await isEnough(one, "", [two])).toBe(false);
  expect(await isEnough(two, "", [two])).toBe(true);
  await update({ clientOverrides: [{ clientId: "vault", mfa: REQUIRED }] }, ["client_overrides"]);
  expect(await isEnough(one)).toBe(true);
  expect(await isEnough(one, "vault")).toBe(false);
  expect(await isEnough(two, "vault")).toBe(true);
  await update({ mfa: REQUIRED, clientOverrides: [{ clientId: "lunch", mfa: NEVER }] }, ["mfa", "client_overrides"]);
  expect(await isEnough(one)).toBe(false);
  expect(await isEnough(one, "lunch"), "a client never asks for less").toBe(false);
  expect(await isEnough("", "vault"), "a session of unknown class is none of two factors").toBe(false);
});

test("what people could only do by mail is refused where none goes out, and so is the end of the mail server by which they do", async () => {
  const { f, get, update } = await setUp();
  const needs = { ...f.dependencies, operatorsMail: false };
  const updateMails = (host: string) =>
    updateMailServer({ ...needs, mailConnect: { mayReach: () => true } as unknown as typeof needs.mailConnect })(
      create(UpdateMailServerRequestSchema, {
        mailServer: { host, senderAddress: host === "" ? "" : "no-reply@acme.test" },
        updateMask: { paths: ["host", "sender_address"] },
      }),
      handlerContext(),
    );
  const change = (policy: MessageInitShape<typeof AuthenticationPolicySchema>, paths: string[]) =>
    updateAuthenticationPolicy(needs)(
      create(UpdateAuthenticationPolicyRequestSchema, { policy, updateMask: { paths } }),
      handlerContext(),
    );
  const byMailAlone = { mfa: REQUIRED, secondFactors: [SignInFactor.EMAIL_OTP] };
  const refused = (path: string) => ({
    reason: "AUTHENTICATION_POLICY_INVALID",
    message: expect.stringContaining(`${path}: `) as unknown,
  });
  for (const [policy, path] of [
    [{ verifiedEmailRequired: true }, "verified_email_required"],
    [byMailAlone, "second_factors"],
  ] as const) {
    const paths = path === "second_factors" ? ["mfa", path] : [path];
    expect(await refusal(change(policy, paths))).toMatchObject(refused(path));
    await updateMails("smtp.acme.test");
    await change(policy, paths);
    expect(await refusal(updateMails(""))).toMatchObject({
      reason: "MAIL_SERVER_INVALID",
      message: `host: must be there as long as the authentication policy needs mails: ${path}`,
    });
    await change({}, ["mfa", "second_factors", "verified_email_required"]);
    await updateMails("");
  }
  // Where it went away otherwise, the rest is changed as ever.
  await update({ verifiedEmailRequired: true }, ["verified_email_required"]);
  await change({ attemptsBeforeWait: 4 }, ["attempts_before_wait"]);
  expect(await get()).toMatchObject({ attemptsBeforeWait: 4, verifiedEmailRequired: true });
  expect(await refusal(change({ mfa: OPTIONAL }, ["mfa"]))).toMatchObject(refused("verified_email_required"));
});
