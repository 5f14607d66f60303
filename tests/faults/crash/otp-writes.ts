import { expect } from "vitest";
import { overrideFor } from "../../support/client-overrides.ts";
import { sentCode } from "../../support/dev-mail.ts";
import { directFlows, flowStep, startFlow } from "../../support/direct-flows.ts";
import { addOtp, totpCode } from "../../support/factors.ts";
import { createPerson, password, registerClient, rest, tokensFor, type Instance } from "../../support/relying-party.ts";
import { rememberedBrowser } from "../../support/remembered-browser.ts";
import { softwareAuthenticator } from "../../support/software-authenticator.ts";
import type { PublicWrite } from "./public-write.ts";

let telephones = 0;
const telephone = (): string => `+55118888${String((telephones += 1)).padStart(5, "0")}`;

const enrol = (server: Instance, accessToken: string, phone: string) =>
  rest(server, "POST", "/v1/users/me/mfa/otp", { channel: "OTP_CHANNEL_SMS", phone_number: phone }, accessToken);

async function personsToken(server: Instance): Promise<string> {
  const { username } = await createPerson(server);
  return (await tokensFor(server, await registerClient(server), username)).accessToken;
}

/** A flow that waits for a code by SMS. */
async function flowBeforeCode(server: Instance) {
  const { username, client } = await directFlows(server);
  const phone = telephone();
  const { accessToken } = await tokensFor(server, client, username);
  const last = await addOtp(server, accessToken, { phone });
  const flow = await startFlow(server, client, username);
  expect((await flowStep(server, `/${flow}/password`, { password })).status).toBe(200);
  const send = async () => (await flowStep(server, `/${flow}/otp/send`, { channel: "OTP_CHANNEL_SMS" })).status;
  return { flow, phone, last, send };
}

/** A flow whose person has no second factor, and must add one. */
async function flowBeforeEnrolment(server: Instance) {
  const { username, client } = await directFlows(server);
  await overrideFor(server, client, { direct_flows: true, mfa: "MFA_REQUIREMENT_REQUIRED" });
  const flow = await startFlow(server, client, username);
  expect((await flowStep(server, `/${flow}/password`, { password })).status).toBe(200);
  const phone = telephone();
  const asked = { channel: "OTP_CHANNEL_SMS", phone_number: phone };
  return { flow, phone, send: async () => (await flowStep(server, `/${flow}/new-otp/send`, asked)).status };
}

/** One-time codes: asked for and given; and the browsers in which none is asked for. */
export const otpWrites: readonly PublicWrite[] = [
  {
    name: "Forget a remembered browser",
    covers: ["koder.auth.v1.FactorService/DeleteRememberedDevice"],
    prepare: async (server) => {
      const { deviceId, accessToken } = await rememberedBrowser(server);
      const path = `/v1/users/me/mfa/devices/${deviceId}`;
      return { call: async () => (await rest(server, "DELETE", path, undefined, accessToken)).status };
    },
  },
  {
    name: "Begin to add one-time codes",
    covers: ["koder.auth.v1.FactorService/EnrolOtp"],
    prepare: async (server) => {
      const accessToken = await personsToken(server);
      return { call: async () => (await enrol(server, accessToken, telephone())).status };
    },
  },
  {
    name: "Confirm one-time codes",
    covers: ["koder.auth.v1.FactorService/ConfirmOtp"],
    prepare: async (server) => {
      const [accessToken, phone] = [await personsToken(server), telephone()];
      const { json } = await enrol(server, accessToken, phone);
      const confirmation = { factor_id: json["factor_id"], code: await sentCode(server, phone) };
      const path = "/v1/users/me/mfa/otp/verify";
      return { call: async () => (await rest(server, "POST", path, confirmation, accessToken)).status };
    },
  },
  {
    name: "Have a one-time code sent in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/SendOtp"],
    prepare: async (server) => ({ call: (await flowBeforeCode(server)).send }),
  },
  {
    name: "Give a flow outside of the pages a one-time code",
    covers: ["koder.auth.v1.FlowService/GiveOtp"],
    prepare: async (server) => {
      const { flow, phone, last, send } = await flowBeforeCode(server);
      expect(await send()).toBe(200);
      const code = await sentCode(server, phone, last);
      return { call: async () => (await flowStep(server, `/${flow}/otp`, { code })).status };
    },
  },
  {
    name: "Begin to add an authenticator app in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/BeginNewTotp"],
    prepare: async (server) => {
      const { flow } = await flowBeforeEnrolment(server);
      return { call: async () => (await flowStep(server, `/${flow}/new-totp/begin`, {})).status };
    },
  },
  {
    name: "Add an authenticator app in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/GiveNewTotp"],
    prepare: async (server) => {
      const { flow } = await flowBeforeEnrolment(server);
      const { json } = await flowStep(server, `/${flow}/new-totp/begin`, {});
      const code = totpCode(String(json["secret"]));
      return { call: async () => (await flowStep(server, `/${flow}/new-totp`, { code })).status };
    },
  },
  {
    name: "Add a passkey in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/GiveNewPasskey"],
    prepare: async (server) => {
      const { flow } = await flowBeforeEnrolment(server);
      const { json } = await rest(server, "GET", `/v1/auth/flows/${flow}/new-passkey`, undefined, "");
      const credential_json = softwareAuthenticator({ origin: server.url }).create(String(json["options_json"]));
      return { call: async () => (await flowStep(server, `/${flow}/new-passkey`, { credential_json })).status };
    },
  },
  {
    name: "Begin to add one-time codes in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/SendNewOtp"],
    prepare: async (server) => ({ call: (await flowBeforeEnrolment(server)).send }),
  },
  {
    name: "Add one-time codes in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/GiveNewOtp"],
    prepare: async (server) => {
      const { flow, phone, send } = await flowBeforeEnrolment(server);
      expect(await send()).toBe(200);
      const code = await sentCode(server, phone);
      return { call: async () => (await flowStep(server, `/${flow}/new-otp`, { code })).status };
    },
  },
];
