import { expect } from "vitest";
import { askForTerms } from "../../support/terms.ts";
import { overrideFor } from "../../support/client-overrides.ts";
import { sentCode } from "../../support/dev-mail.ts";
import { directFlows, flowStep, pushWithHandle, startFlow } from "../../support/direct-flows.ts";
import { createPerson, password, registerClient, rest, type Instance } from "../../support/relying-party.ts";
import type { CutWrite, PublicWrite } from "./public-write.ts";
import { flowAfterPassword, openSignInPage } from "./sign-in-page.ts";

/** A flow whose person must verify their address. */
async function flowBeforeEmail(server: Instance) {
  const { id, username, client } = await directFlows(server);
  await overrideFor(server, client, { direct_flows: true, verified_email_required: true });
  const flow = await startFlow(server, client, username);
  const { json } = await flowStep(server, `/${flow}/password`, { password });
  expect(json["next_steps"]).toEqual(["FLOW_STEP_VERIFY_EMAIL"]);
  const send = () => flowStep(server, `/${flow}/email/send`, {});
  return { id, username, client, flow, send, address: `${username}@koder.dev` };
}

const version = "2026-11";

/** Has everybody asked to accept terms, or nobody. */
const askTerms = (server: Instance, terms_version: string) =>
  askForTerms(server, { terms_version, terms_uri: "https://koder.dev/terms" });

/** A flow whose person must accept the terms. Nobody else is asked: the other writes have none. */
async function flowBeforeTerms(server: Instance) {
  const { username, client } = await directFlows(server);
  await askTerms(server, version);
  const flow = await startFlow(server, client, username);
  const { json } = await flowStep(server, `/${flow}/password`, { password });
  await askTerms(server, "");
  expect(json["terms"]).toMatchObject({ version });
  return { flow };
}

/** What a flow asks for besides factors, in one service. */
export const simpleRequiredActions: readonly PublicWrite[] = [
  {
    name: "Have a code sent that verifies an address in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/SendEmailCode"],
    prepare: async (server) => {
      const { send } = await flowBeforeEmail(server);
      return { call: async () => (await send()).status };
    },
  },
  {
    name: "Accept the terms in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/AcceptTerms"],
    prepare: async (server) => {
      const { flow } = await flowBeforeTerms(server);
      return { call: async () => (await flowStep(server, `/${flow}/terms`, { version })).status };
    },
  },
  {
    name: "Decline the terms in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/DeclineTerms"],
    prepare: async (server) => {
      const { flow } = await flowBeforeTerms(server);
      return { call: async () => (await flowStep(server, `/${flow}/terms/decline`, {})).status };
    },
  },
];

/** And in two. */
export const cutRequiredActions: readonly CutWrite[] = [
  {
    name: "Verify an address at sign-in",
    covers: ["POST /sign-in email_code"],
    order: ["auth", "identity", "auth", "session", "auth", "session"],
    async prepare(server) {
      const [{ id, username }, client] = [await createPerson(server), await registerClient(server)];
      await overrideFor(server, client, { verified_email_required: true });
      const page = await openSignInPage(server, client);
      const { flow } = await flowAfterPassword(page, username);
      const email_code = await sentCode(server, `${username}@koder.dev`);
      const send = () => page.send({ flow, username, email_code });
      return {
        call: async () => (await send()).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          // The code goes on with the flow, unless it did; the next sign-in asks for none by then.
          await send();
          expect((await rest(server, "GET", `/v1/users/${id}`)).json).toMatchObject({ email_verified: true });
          const again = await openSignInPage(server, client);
          expect(await again.redeem(await again.send({ username, password }))).toBe(200);
        },
      };
    },
  },
  {
    name: "Accept the terms at sign-in",
    covers: ["POST /sign-in terms"],
    order: ["auth", "session"],
    async prepare(server) {
      const [{ username }, client] = [await createPerson(server), await registerClient(server)];
      const page = await openSignInPage(server, client);
      await askTerms(server, version);
      const { flow } = await flowAfterPassword(page, username);
      await askTerms(server, "");
      return {
        call: async () => (await page.send({ flow, username, terms: "accept", terms_version: version })).status,
        nothingOpen: async () => expect(await page.isSignedIn()).toBe(false),
        async heal() {
          await askTerms(server, version);
          const again = await openSignInPage(server, client);
          const answer = await again.send({ username, password });
          await askTerms(server, "");
          expect(await again.redeem(answer)).toBe(200);
        },
      };
    },
  },
  {
    name: "Verify an address in a flow outside of the pages",
    covers: ["koder.auth.v1.FlowService/GiveEmailCode"],
    order: ["auth", "identity", "auth"],
    async prepare(server) {
      const { id, username, client, flow, send, address } = await flowBeforeEmail(server);
      expect((await send()).status).toBe(200);
      const code = await sentCode(server, address);
      const give = () => flowStep(server, `/${flow}/email`, { code });
      return {
        call: async () => (await give()).status,
        // A handle that nobody was told is nobody's.
        nothingOpen: async () => expect((await pushWithHandle(server, client, "klh_nobody-was-told")).status).toBe(400),
        async heal() {
          // The code goes on with the flow, unless it did; a new flow asks for none by then.
          await give();
          expect((await rest(server, "GET", `/v1/users/${id}`)).json).toMatchObject({ email_verified: true });
          const { json } = await flowStep(server, `/${await startFlow(server, client, username)}/password`, {
            password,
          });
          expect((await pushWithHandle(server, client, String(json["login_handle"]))).status).toBe(201);
        },
      };
    },
  },
];
