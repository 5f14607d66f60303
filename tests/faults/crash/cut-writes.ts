import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { overrideFor } from "../../support/client-overrides.ts";
import { directFlows, flowStep, pushWithHandle, startFlow } from "../../support/direct-flows.ts";
import { authorizeDevice, decidedDevice, deviceGrant, pollDevice, registerDevice } from "../../support/device.ts";
import { sentCode } from "../../support/dev-mail.ts";
import { addPasskey, addTotp, recoveryCodes, totpCode } from "../../support/factors.ts";
import { httpBrowser } from "../../support/http-browser.ts";
import { registered, registrationPath } from "./registered-client.ts";
import {
  authorizationRequest,
  createPerson,
  locationOf,
  password,
  pushedRequestUrl,
  pushRequest,
  refresh,
  registerClient,
  registration,
  rest,
  signIn,
  tokenRequest,
  tokensFor,
  userinfoStatus,
} from "../../support/relying-party.ts";
import { subjectOf, walk } from "../../support/interaction-pages.ts";
import { mailedToken } from "../../support/dev-mail.ts";
import { afterLogout, isSignedIn, requestLogout } from "../../support/logout.ts";
import { cutRequiredActions } from "./required-action-writes.ts";
import { invitationWrites } from "./invitation-writes.ts";
import { softwareAuthenticator } from "../../support/software-authenticator.ts";
import type { CutWrite } from "./public-write.ts";
import { flowAfterPassword, openSignInPage, personWithTokens, signsIn } from "./sign-in-page.ts";

const newPassword = "another good pass phrase";

/** A call that deletes a user, now or for good. */
function deletion(name: string, method: string, verb: "DELETE" | "POST", ending: string): CutWrite {
  return {
    name,
    covers: [`koder.identity.v1.UserService/${method}`],
    order: ["identity", "session"],
    async prepare(server) {
      const { id, username, client, areTokensGood } = await personWithTokens(server);
      const body = verb === "POST" ? {} : undefined;
      const call = async () => (await rest(server, verb, `/v1/users/${id}${ending}`, body)).status;
      const isDeleted = async () => {
        const { json } = await rest(server, "GET", `/v1/users/${id}`);
        return json["status"] === "USER_STATUS_DELETED";
      };
      return {
        call,
        async nothingOpen() {
          // Before the user comes a note of when to erase them: whoever looks then, and finds them there, looked in vain.
          const isThere = !(await isDeleted());
          expect(await areTokensGood()).toBe(isThere);
          expect(await signsIn(server, client, username, password)).toBe(isThere);
        },
        async heal() {
          expect(await call()).toBe(200);
          expect(await isDeleted()).toBe(true);
          expect(await areTokensGood()).toBe(false);
        },
      };
    },
  };
}

/**
 * Writes on the public doors that a crash may leave half done, or done without an answer. Those that need an instance without
 * an owner are in the test itself.
 */
export const cutWrites: readonly CutWrite[] = [
  {
    name: "Disable a user",
    covers: ["koder.identity.v1.UserService/UpdateUser"],
    order: ["identity", "session"],
    async prepare(server) {
      const { id, username, client, areTokensGood } = await personWithTokens(server);
      const call = async () => {
        const { status } = await rest(server, "PATCH", `/v1/users/${id}`, { status: "USER_STATUS_DISABLED" });
        return status;
      };
      return {
        call,
        async nothingOpen() {
          const { json } = await rest(server, "GET", `/v1/users/${id}`);
          expect(json["status"]).toBe("USER_STATUS_DISABLED");
          expect(await areTokensGood()).toBe(false);
          expect(await signsIn(server, client, username, password)).toBe(false);
        },
        async heal() {
          expect(await call()).toBe(200);
          expect(await areTokensGood()).toBe(false);
        },
      };
    },
  },
  deletion("Delete a user", "DeleteUser", "DELETE", ""),
  deletion("Have a person erased", "EraseUser", "POST", "/erasure"),
  {
    name: "Set a user's password",
    covers: ["koder.identity.v1.UserService/SetUserPassword"],
    order: ["identity", "session"],
    async prepare(server) {
      const { id, username, client, areTokensGood } = await personWithTokens(server);
      const call = async () => {
        const { status } = await rest(server, "POST", `/v1/users/${id}/password`, { password: newPassword });
        return status;
      };
      return {
        call,
        async nothingOpen() {
          expect(await areTokensGood()).toBe(false);
          expect(await signsIn(server, client, username, password)).toBe(false);
        },
        async heal() {
          expect(await call()).toBe(200);
          expect(await signsIn(server, client, username, newPassword)).toBe(true);
        },
      };
    },
  },
  {
    name: "Choose a new password by a mailed link",
    covers: ["koder.auth.v1.RecoveryService/ConfirmRecovery", "POST /reset"],
    order: ["auth", "identity", "session", "auth"],
    async prepare(server) {
      const { username, client, areTokensGood } = await personWithTokens(server);
      const ask = () => rest(server, "POST", "/v1/auth/recovery", { username }, "");
      const choose = async (token: string, chosen = newPassword) => {
        const form = { token, new_password: chosen };
        const answer = await httpBrowser().post(`${server.url}/reset`, form);
        return { status: answer.status, page: await answer.text() };
      };
      expect((await ask()).status).toBe(200);
      const address = `${username}@koder.dev`;
      const token = await mailedToken(server, address);
      return {
        call: async () => (await choose(token)).status,
        async nothingOpen() {
          // The link is used; either all of it was done, or nothing that anybody could use.
          expect((await choose(token)).status).toBe(400);
          expect(await signsIn(server, client, username, newPassword)).toBe(!(await areTokensGood()));
        },
        async heal() {
          expect((await ask()).status).toBe(200);
          // Another one: the tenant may look back at those before, and the first may have been kept.
          const next = "the pass phrase after that one";
          const { status, page } = await choose(await mailedToken(server, address, token), next);
          expect(status, page).toBe(200);
          expect(await areTokensGood()).toBe(false);
          expect(await signsIn(server, client, username, next)).toBe(true);
        },
      };
    },
  },
  {
    name: "Open an account by a mailed link",
    covers: ["koder.auth.v1.SignUpService/ConfirmSignUp", "POST /sign-up"],
    order: ["identity", "auth"],
    async prepare(server) {
      const change = { sign_up_allowed: true };
      expect((await rest(server, "PATCH", "/v1/admin/policies/authentication", change)).status).toBe(200);
      const client = await registerClient(server);
      const email = `${randomUUID()}@koder.dev`;
      expect((await rest(server, "POST", "/v1/auth/sign-up", { email }, "")).status).toBe(200);
      const token = await mailedToken(server, email);
      const open = async (secret: string) =>
        (await httpBrowser().post(`${server.url}/sign-up`, { token, name: "Bea", new_password: secret })).status;
      return {
        call: () => open(newPassword),
        // The account is there with the password that it was given; nobody gives it another by the link.
        nothingOpen: async () => expect(await signsIn(server, client, email, newPassword)).toBe(true),
        async heal() {
          expect(await open("a pass phrase of somebody else")).toBe(400);
          expect(await signsIn(server, client, email, "a pass phrase of somebody else")).toBe(false);
          expect(await signsIn(server, client, email, newPassword)).toBe(true);
        },
      };
    },
  },
  ...invitationWrites,
  {
    name: "Confirm an address by a mailed link",
    covers: ["koder.auth.v1.EmailService/ConfirmEmail", "POST /verify"],
    order: ["identity", "auth"],
    async prepare(server) {
      const { id, username } = await createPerson(server);
      expect((await rest(server, "POST", `/v1/users/${id}/email/verify`, {})).status).toBe(200);
      const token = await mailedToken(server, `${username}@koder.dev`);
      const call = async () => (await httpBrowser().post(`${server.url}/verify`, { token })).status;
      const isVerified = async () => (await rest(server, "GET", `/v1/users/${id}`)).json["email_verified"] === true;
      return {
        call,
        // Whatever was done, the link does nothing for anybody else.
        nothingOpen: async () => expect(await isVerified()).toBe(true),
        async heal() {
          expect([200, 400]).toContain(await call());
          expect(await isVerified()).toBe(true);
          expect(await call()).toBe(400);
        },
      };
    },
  },
  {
    name: "Change one's own password",
    covers: ["koder.auth.v1.AccountService/ChangePassword"],
    order: ["auth", "identity", "session", "auth"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken } = await tokensFor(server, client, username);
      const change = { current_password: password, new_password: newPassword };
      return {
        call: async () => (await rest(server, "POST", "/v1/me/password", change, accessToken)).status,
        async nothingOpen() {
          const isChanged = await signsIn(server, client, username, newPassword);
          expect(await signsIn(server, client, username, password)).toBe(!isChanged);
          expect(await userinfoStatus(server, accessToken)).toBe(isChanged ? 401 : 200);
        },
        async heal() {
          if (!(await signsIn(server, client, username, newPassword))) {
            expect((await rest(server, "POST", "/v1/me/password", change, accessToken)).status).toBe(200);
          }
          expect(await signsIn(server, client, username, newPassword)).toBe(true);
        },
      };
    },
  },
  {
    name: "Change a password at sign-in",
    covers: ["POST /sign-in new_password"],
    order: ["identity", "session", "auth", "session"],
    async prepare(server) {
      const { id, username, client, areTokensGood } = await personWithTokens(server);
      const required = await rest(server, "PATCH", `/v1/users/${id}`, { password_change_required: true });
      expect(required.status).toBe(200);
      const page = await openSignInPage(server, client);
      const asked = await page.send({ username, password });
      const flow = /name="flow" value="([^"]+)"/.exec(await asked.text())?.[1] ?? "no flow";
      const send = () => page.send({ flow, username, new_password: newPassword });
      return {
        call: async () => (await send()).status,
        async nothingOpen() {
          expect(await areTokensGood()).toBe(false);
          expect(await page.isSignedIn()).toBe(false);
          expect(await signsIn(server, client, username, password)).toBe(false);
        },
        async heal() {
          // What the flow had proven is void with the rest: the form sent again leads to the beginning, and there to go on
          // is the password that was chosen.
          expect((await send()).status).toBe(400);
          const again = await openSignInPage(server, client);
          expect(await again.redeem(await again.send({ username, password: newPassword }))).toBe(200);
        },
      };
    },
  },
  {
    name: "Sign in",
    covers: ["POST /sign-in password"],
    order: ["auth", "identity", "auth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const page = await openSignInPage(server, client);
      const send = () => page.send({ username, password });
      return {
        call: async () => (await send()).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        // The page is still there, and takes the same password.
        heal: async () => expect(await page.redeem(await send())).toBe(200),
      };
    },
  },
  {
    name: "Give a second factor at sign-in",
    covers: ["POST /sign-in code"],
    order: ["auth", "session", "auth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken } = await tokensFor(server, client, username);
      await addTotp(server, accessToken);
      const [code = "", another = ""] = await recoveryCodes(server, accessToken);
      const page = await openSignInPage(server, client);
      const { flow } = await flowAfterPassword(page, username);
      return {
        call: async () => (await page.send({ flow, way: "recovery-code", code })).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          const again = await openSignInPage(server, client);
          const next = await flowAfterPassword(again, username);
          const answer = await again.send({ flow: next.flow, way: "recovery-code", code: another });
          expect(await again.redeem(answer)).toBe(200);
        },
      };
    },
  },
  {
    name: "Sign in by a passkey",
    covers: ["POST /sign-in passkey"],
    order: ["auth", "session", "auth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken } = await tokensFor(server, client, username);
      const { authenticator } = await addPasskey(server, accessToken);
      const page = await openSignInPage(server, client);
      const passkey = authenticator.get(await page.passkeyOptions());
      return {
        call: async () => (await page.send({ passkey })).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          const again = await openSignInPage(server, client);
          const answer = await again.send({ passkey: authenticator.get(await again.passkeyOptions()) });
          expect(await again.redeem(answer)).toBe(200);
        },
      };
    },
  },
  {
    name: "Add a second factor at sign-in",
    covers: ["POST /sign-in new_totp"],
    order: ["auth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      await overrideFor(server, client, { mfa: "MFA_REQUIREMENT_REQUIRED" });
      const page = await openSignInPage(server, client);
      const { flow, secret } = await flowAfterPassword(page, username);
      return {
        call: async () => (await page.send({ flow, username, new_totp: totpCode(secret) })).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          const again = await openSignInPage(server, client);
          const next = await flowAfterPassword(again, username);
          if (next.secret === "") {
            const answer = await again.send({ flow: next.flow, username, code: totpCode(secret, 1) });
            expect(await again.redeem(answer)).toBe(200);
          } else {
            expect((await again.send({ flow: next.flow, new_totp: totpCode(next.secret) })).status).toBe(200);
            expect(await again.isSignedIn()).toBe(true);
          }
        },
      };
    },
  },
  {
    name: "Add a passkey at sign-in",
    covers: ["POST /sign-in new_passkey"],
    order: ["auth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      await overrideFor(server, client, { mfa: "MFA_REQUIREMENT_REQUIRED" });
      const page = await openSignInPage(server, client);
      const { flow, passkeyOptions } = await flowAfterPassword(page, username);
      const authenticator = softwareAuthenticator({ origin: server.url });
      const new_passkey = authenticator.create(passkeyOptions);
      return {
        call: async () => (await page.send({ flow, username, new_passkey })).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          const again = await openSignInPage(server, client);
          const next = await flowAfterPassword(again, username);
          if (next.secret === "") {
            const passkey = authenticator.get(next.passkeyOptions);
            expect(await again.redeem(await again.send({ flow: next.flow, username, passkey }))).toBe(200);
          } else {
            const other = softwareAuthenticator({ origin: server.url }).create(next.passkeyOptions);
            expect((await again.send({ flow: next.flow, new_passkey: other })).status).toBe(200);
            expect(await again.isSignedIn()).toBe(true);
          }
        },
      };
    },
  },
  {
    name: "Add one-time codes at sign-in",
    covers: ["POST /sign-in new_code"],
    order: ["auth", "session"],
    async prepare(server) {
      const [{ id, username }, client] = [await createPerson(server), await registerClient(server)];
      expect((await rest(server, "PATCH", `/v1/users/${id}`, { email_verified: true })).status).toBe(200);
      await overrideFor(server, client, { mfa: "MFA_REQUIREMENT_REQUIRED" });
      const page = await openSignInPage(server, client);
      const { flow } = await flowAfterPassword(page, username);
      const way = { new_way: "email-otp", username };
      expect((await page.send({ ...way, flow })).status).toBe(200);
      const address = `${username}@koder.dev`;
      const new_code = await sentCode(server, address);
      return {
        call: async () => (await page.send({ ...way, flow, new_code })).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          const again = await openSignInPage(server, client);
          const next = await flowAfterPassword(again, username);
          const isAdded = next.secret === "";
          if (!isAdded) expect((await again.send({ ...way, flow: next.flow })).status).toBe(200);
          const code = await sentCode(server, address, new_code);
          if (isAdded) {
            const answer = await again.send({ flow: next.flow, username, way: "email-otp", code });
            expect(await again.redeem(answer)).toBe(200);
          } else {
            expect((await again.send({ ...way, flow: next.flow, new_code: code })).status).toBe(200);
            expect(await again.isSignedIn()).toBe(true);
          }
        },
      };
    },
  },
  {
    name: "Give a flow outside of the pages the password",
    covers: ["koder.auth.v1.FlowService/GivePassword"],
    order: ["auth", "identity", "auth"],
    async prepare(server) {
      const { username, client } = await directFlows(server);
      const flow = await startFlow(server, client, username);
      const call = async (of = flow) => flowStep(server, `/${of}/password`, { password });
      return {
        call: async () => (await call()).status,
        // A handle that nobody was told is nobody's.
        nothingOpen: async () => expect((await pushWithHandle(server, client, "klh_nobody-was-told")).status).toBe(400),
        async heal() {
          const { json } = await call(await startFlow(server, client, username));
          expect((await pushWithHandle(server, client, String(json["login_handle"]))).status).toBe(201);
        },
      };
    },
  },
  {
    name: "Change a password in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/GiveNewPassword"],
    order: ["identity", "session", "auth"],
    async prepare(server) {
      const { id, username, client, areTokensGood } = await personWithTokens(server);
      await overrideFor(server, client, { direct_flows: true });
      expect((await rest(server, "PATCH", `/v1/users/${id}`, { password_change_required: true })).status).toBe(200);
      const flow = await startFlow(server, client, username);
      expect((await flowStep(server, `/${flow}/password`, { password })).status).toBe(200);
      const send = () => flowStep(server, `/${flow}/new-password`, { new_password: newPassword });
      return {
        call: async () => (await send()).status,
        async nothingOpen() {
          expect(await areTokensGood()).toBe(false);
          expect(await signsIn(server, client, username, password)).toBe(false);
        },
        async heal() {
          expect((await send()).status).toBe(400);
          expect(await signsIn(server, client, username, newPassword)).toBe(true);
        },
      };
    },
  },
  ...cutRequiredActions,
  {
    name: "Push a request with a login handle",
    covers: ["POST /oauth/v2/par login_handle"],
    order: ["auth", "session", "oauth"],
    async prepare(server) {
      const { username, client } = await directFlows(server);
      const handle = async () => {
        const flow = await startFlow(server, client, username);
        return String((await flowStep(server, `/${flow}/password`, { password })).json["login_handle"]);
      };
      const first = await handle();
      return {
        call: async () => (await pushWithHandle(server, client, first)).status,
        nothingOpen: async () => expect((await pushWithHandle(server, client, first)).status).toBe(400),
        heal: async () => expect((await pushWithHandle(server, client, await handle())).status).toBe(201),
      };
    },
  },
  {
    name: "Answer a pushed request",
    covers: ["GET /oauth/v2/authorize request_uri"],
    order: ["oauth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { browser } = await signIn(server, client, username);
      const push = async () => {
        const { json } = await pushRequest(server, client);
        return pushedRequestUrl(server, client, json["request_uri"]);
      };
      const url = await push();
      return {
        call: async () => (await browser.get(url)).status,
        // Whether anybody has its code is not known: the request gives none again.
        nothingOpen: async () => expect((await browser.get(url)).status).toBe(400),
        async heal() {
          const location = locationOf(await browser.get(await push()), server.url);
          expect(location.searchParams.has("code")).toBe(true);
        },
      };
    },
  },
  {
    name: "Redeem a code",
    covers: ["grant_type authorization_code"],
    order: ["session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { callback, codeVerifier, browser } = await signIn(server, client, username);
      const redeem = (at: URL, verifier: string) =>
        tokenRequest(server, client, {
          grant_type: "authorization_code",
          code: at.searchParams.get("code") ?? "",
          redirect_uri: client.redirectUri,
          code_verifier: verifier,
        });
      const call = async () => (await redeem(callback, codeVerifier)).status;
      return {
        call,
        // Whether anybody has its tokens is not known: the code gives none again.
        nothingOpen: async () => expect(await call()).toBe(400),
        async heal() {
          const { url, codeVerifier: verifier } = authorizationRequest(server, client);
          const { status } = await redeem(locationOf(await browser.get(url), server.url), verifier);
          expect(status).toBe(200);
        },
      };
    },
  },
  {
    name: "Enter a user code",
    covers: ["POST /device"],
    order: ["session", "oauth"],
    async prepare(server) {
      const client = await registerDevice(server);
      const { deviceCode, userCode } = await authorizeDevice(server, client);
      const browser = httpBrowser();
      const call = async () => (await browser.post(`${server.url}/device`, { user_code: userCode })).status;
      return {
        call,
        async nothingOpen() {
          const { status, json } = await pollDevice(server, client, deviceCode);
          expect([status, json["error"]]).toEqual([400, "authorization_pending"]);
        },
        heal: async () => expect(await call()).toBe(303),
      };
    },
  },
  {
    name: "Redeem a device code",
    covers: [`grant_type ${deviceGrant}`],
    order: ["session"],
    async prepare(server) {
      const { client, deviceCode } = await decidedDevice(server);
      const call = async () => (await pollDevice(server, client, deviceCode)).status;
      return {
        call,
        // Whether anybody has its tokens is not known: the code gives none again.
        nothingOpen: async () => expect(await call()).toBe(400),
        async heal() {
          const again = await decidedDevice(server, { client });
          expect((await pollDevice(server, client, again.deviceCode)).status).toBe(200);
        },
      };
    },
  },
  {
    name: "Refresh",
    covers: ["grant_type refresh_token"],
    order: ["session"],
    async prepare(server) {
      const { username } = await createPerson(server);
      // As long as it can be: others are looked at first.
      const client = await registerClient(server, { refresh_token_overlap: "60s" });
      const { accessToken, refreshToken } = await tokensFor(server, client, username);
      return {
        call: async () => (await refresh(server, client, refreshToken)).status,
        nothingOpen: async () => expect(await userinfoStatus(server, accessToken)).toBe(200),
        async heal() {
          // An honest retry gets the successor that was made, not another one.
          const retry = async () => {
            const { status, json } = await refresh(server, client, refreshToken);
            expect(status, JSON.stringify(json)).toBe(200);
            return String(json["refresh_token"]);
          };
          const successor = await retry();
          expect(await retry()).toBe(successor);
          expect((await refresh(server, client, successor)).status).toBe(200);
        },
      };
    },
  },
  {
    name: "Disable a client",
    covers: ["koder.oauth.v1.ClientService/UpdateClient"],
    order: ["oauth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken, refreshToken } = await tokensFor(server, client, username);
      const change = async (disabled: boolean) =>
        (await rest(server, "PATCH", `/v1/clients/${client.clientId}`, { disabled })).status;
      const isRefused = async () => {
        expect(await userinfoStatus(server, accessToken)).toBe(401);
        expect((await refresh(server, client, refreshToken)).status).toBe(401);
      };
      return {
        call: () => change(true),
        nothingOpen: isRefused,
        async heal() {
          expect(await change(true)).toBe(200);
          await isRefused();
          // Enabled again it signs people in; what it had before stays void.
          expect(await change(false)).toBe(200);
          expect(await userinfoStatus(server, accessToken)).toBe(401);
          expect((await refresh(server, client, refreshToken)).status).toBe(400);
          const again = await tokensFor(server, client, username);
          expect(await userinfoStatus(server, again.accessToken)).toBe(200);
        },
      };
    },
  },
  {
    name: "Sign out",
    covers: ["GET /oidc/v1/end_session"],
    order: ["session"],
    async prepare(server) {
      const { username } = await createPerson(server);
      const client = await registerClient(server, { post_logout_redirect_uris: [afterLogout] });
      const strict = await registerClient(server, { logout_ends_offline_grants: true });
      const { browser, accessToken, idToken } = await tokensFor(server, client, username, {
        parameters: { scope: "openid" },
      });
      const beyond = await tokensFor(server, strict, username, { browser });
      const cookies = new Map(browser.cookies);
      const call = async () => {
        const parameters = { id_token_hint: idToken, post_logout_redirect_uri: afterLogout };
        return (await requestLogout(server, browser, parameters)).status;
      };
      return {
        call,
        async nothingOpen() {
          expect(await userinfoStatus(server, accessToken)).toBe(401);
          expect(await userinfoStatus(server, beyond.accessToken)).toBe(401);
          expect((await refresh(server, strict, beyond.refreshToken)).status).toBe(400);
          const stale = httpBrowser();
          for (const [name, value] of cookies) stale.cookies.set(name, value);
          expect(await isSignedIn(server, client, stale)).toBe(false);
        },
        heal: async () => expect(await call()).toBe(303),
      };
    },
  },
  {
    name: "Delete a client",
    covers: ["koder.oauth.v1.ClientService/DeleteClient"],
    order: ["oauth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken, refreshToken } = await tokensFor(server, client, username);
      const call = async () => (await rest(server, "DELETE", `/v1/clients/${client.clientId}`)).status;
      return {
        call,
        async nothingOpen() {
          expect(await userinfoStatus(server, accessToken)).toBe(401);
          expect((await refresh(server, client, refreshToken)).status).toBe(401);
          expect((await rest(server, "GET", `/v1/clients/${client.clientId}`)).status).toBe(404);
        },
        async heal() {
          expect(await call()).toBe(404);
          const again = { client_id: client.clientId, redirect_uris: [client.redirectUri] };
          const { status, json } = await rest(server, "POST", "/v1/clients", again);
          expect([status, JSON.stringify(json)]).toEqual([409, expect.stringContaining("CLIENT_ID_TAKEN")]);
        },
      };
    },
  },
  {
    name: "Unregister a client",
    covers: [`DELETE ${registrationPath}`],
    order: ["oauth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registered(server)];
      const { accessToken, refreshToken } = await tokensFor(server, client, username);
      const call = async () => (await registration(server, "DELETE", client)).status;
      return {
        call,
        async nothingOpen() {
          expect(await userinfoStatus(server, accessToken)).toBe(401);
          expect((await refresh(server, client, refreshToken)).status).toBe(401);
        },
        // Its token went with it: that it is gone is all that a repeat says.
        heal: async () => expect(await call()).toBe(401),
      };
    },
  },
  {
    name: "Revoke a consent",
    covers: ["koder.oauth.v1.ConsentService/RevokeConsent"],
    order: ["oauth", "session"],
    async prepare(server) {
      const [{ id, username }, client] = [await createPerson(server), await registerClient(server)];
      const { accessToken, refreshToken, browser } = await tokensFor(server, client, username);
      const { callback, codeVerifier } = await signIn(server, client, username, { browser });
      const path = `/v1/users/${id}/consents/${client.clientId}`;
      const call = async () => (await rest(server, "DELETE", path)).status;
      const redeem = async () => {
        const code = callback.searchParams.get("code") ?? "";
        const form = { code, redirect_uri: client.redirectUri, code_verifier: codeVerifier };
        return (await tokenRequest(server, client, { grant_type: "authorization_code", ...form })).status;
      };
      return {
        call,
        async nothingOpen() {
          expect(await userinfoStatus(server, accessToken)).toBe(401);
          expect((await refresh(server, client, refreshToken)).status).toBe(400);
          expect(await redeem()).toBe(400);
        },
        async heal() {
          expect(await call()).toBe(200);
          // The person stays signed in, and what they give from now on is good.
          const { accessToken: another } = await tokensFor(server, client, username, { browser });
          expect(await userinfoStatus(server, another)).toBe(200);
        },
      };
    },
  },
  {
    name: "Agree to what a client asks for",
    covers: ["POST /consent"],
    order: ["oauth", "session"],
    async prepare(server) {
      const person = await createPerson(server);
      const client = await registerClient(server, { first_party: false });
      const way = await walk(server, client);
      await way.signIn(person.username);
      const allow = () => way.send({ action: "allow" });
      return {
        call: async () => (await allow()).status,
        // Nobody has the code. Whether the consent was kept or not, the page is still there.
        nothingOpen: async () => expect((await way.page()).path).toBe("/consent"),
        async heal() {
          await allow();
          expect(subjectOf(await way.redeem())).toBe(person.id);
        },
      };
    },
  },
  {
    name: "Choose an account",
    covers: ["POST /accounts"],
    order: ["oauth", "session"],
    async prepare(server) {
      const [ana, bob, client] = [await createPerson(server), await createPerson(server), await registerClient(server)];
      const { browser } = await signIn(server, client, ana.username);
      const anas = (await rest(server, "GET", `/v1/users/${ana.id}/sessions`)).json["sessions"];
      const [session] = anas as { readonly id: string }[];
      await signIn(server, client, bob.username, { browser, parameters: { prompt: "login" } });
      const way = await walk(server, client, { prompt: "select_account" }, browser);
      const choose = () => way.send({ session: session?.id ?? "" });
      return {
        call: async () => (await choose()).status,
        async nothingOpen() {
          const silent = await walk(server, client, { prompt: "none" }, browser);
          expect(subjectOf(await silent.redeem())).toBe(bob.id);
        },
        async heal() {
          await choose();
          expect(subjectOf(await way.redeem())).toBe(ana.id);
        },
      };
    },
  },
];
