import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { walk, type Walk } from "../support/interaction-pages.ts";
import {
  clientRequest,
  password,
  pushRequest,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

/** Everything about a person that `claims` may name. */
const everyClaim = JSON.stringify({
  userinfo: { email: { essential: true }, phone_number: null, birthdate: null, address: null },
  id_token: { email: null, phone_number: null, name: { essential: true } },
});

let made = 0;

/** A person of whom there is something to tell. */
async function personWithData(): Promise<{ readonly id: string; readonly username: string }> {
  const username = `told${++made}`;
  const { status, json } = await rest(server, "POST", "/v1/users", {
    username,
    email: `${username}@koder.dev`,
    name: "A Person",
    birthdate: "1990-02-03",
    phone_number: "+5511999990000",
    address: { locality: "Recife" },
    password,
  });
  expect(status, JSON.stringify(json)).toBe(200);
  return { id: String(json["id"]), username };
}

const thirdParty = (metadata: Record<string, unknown> = {}) =>
  registerClient(server, { first_party: false, ...metadata });
const errorOf = (way: Walk) => way.at().searchParams.get("error");

/** What a client is told by tokens of a walk's answer, without what tokens always have. */
async function toldBy(way: Walk) {
  const tokens = await way.redeem();
  return { tokens, idToken: decodeJwt(String(tokens["id_token"])), userinfo: await userinfoOf(tokens) };
}

async function userinfoOf(tokens: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${String(tokens["access_token"])}` };
  return (await (await fetch(`${server.url}/oidc/v1/userinfo`, { headers })).json()) as Record<string, unknown>;
}

async function consentedTo(personId: string): Promise<unknown> {
  return (await rest(server, "GET", `/v1/users/${personId}/consents`)).json["consents"];
}

describe("A11: a claim is given only by a scope that the client may have and the person agreed to", () => {
  test("claims of scopes that the client may not have are passed over, whoever it is", async () => {
    for (const first_party of [false, true]) {
      const [person, client] = [await personWithData(), await thirdParty({ first_party, scope: "openid" })];
      const way = await walk(server, client, { scope: "openid", claims: everyClaim });
      await way.signIn(person.username);
      if (!first_party) {
        expect((await way.page()).html).not.toMatch(/e-mail address|phone number|postal address|rest of your profile/);
        await way.send({ action: "allow" });
      }
      const { idToken, userinfo } = await toldBy(way);
      expect(userinfo).toEqual({ sub: person.id });
      expect(Object.keys(idToken)).not.toEqual(expect.arrayContaining([expect.stringMatching(/email|phone|name/)]));
    }
  });

  test("which groups somebody is in is asked for on the page, too, and told only then", async () => {
    const [person, client] = [await personWithData(), await thirdParty({ scope: "openid groups" })];
    const { json } = await rest(server, "POST", "/v1/groups", { name: "crew" });
    await rest(server, "POST", `/v1/groups/${String(json["id"])}/members`, { user_id: person.id });
    const claims = JSON.stringify({ userinfo: { groups: null }, id_token: { groups: null } });
    const way = await walk(server, client, { scope: "openid", claims });
    await way.signIn(person.username);
    expect((await way.page()).html).toContain("see which groups you are in");
    await way.send({ action: "allow" });
    const { idToken, userinfo } = await toldBy(way);
    expect(idToken).toMatchObject({ groups: ["crew"] });
    expect(userinfo).toEqual({ sub: person.id, groups: ["crew"] });
  });

  test("the page names what claims ask for, it is remembered, and the token gets no scope by it", async () => {
    const [person, client] = [
      await personWithData(),
      await thirdParty({ scope: "openid email phone profile address" }),
    ];
    const way = await walk(server, client, { scope: "openid", claims: everyClaim });
    await way.signIn(person.username);
    expect(way.at().pathname).toBe("/consent");
    const { html } = await way.page();
    for (const words of ["e-mail address", "phone number", "postal address", "rest of your profile"]) {
      expect(html).toContain(words);
    }
    await way.send({ action: "allow" });
    const { tokens, idToken, userinfo } = await toldBy(way);
    expect(tokens["scope"]).toBe("openid");
    expect(userinfo).toEqual({
      sub: person.id,
      email: `${person.username}@koder.dev`,
      phone_number: "+5511999990000",
      birthdate: "1990-02-03",
      address: { locality: "Recife" },
    });
    expect(idToken).toMatchObject({ email: `${person.username}@koder.dev`, name: "A Person" });
    const granted = [{ scopes: ["openid", "profile", "email", "phone", "address"] }];
    expect(await consentedTo(person.id)).toMatchObject([{ granted }]);
  });

  test("who agreed to less is asked, and prompt=none gets no code", async () => {
    const [person, client] = [await personWithData(), await thirdParty()];
    const first = await walk(server, client, { scope: "openid" });
    await first.signIn(person.username);
    await first.send({ action: "allow" });
    const claims = JSON.stringify({ id_token: { email: null } });
    const silent = { scope: "openid", prompt: "none", claims };
    expect(errorOf(await walk(server, client, silent, first.browser))).toBe("consent_required");
    const asked = await walk(server, client, { scope: "openid", claims }, first.browser);
    expect((await asked.page()).html).toContain("e-mail address");
    await asked.send({ action: "deny" });
    expect(errorOf(await walk(server, client, silent, first.browser))).toBe("consent_required");
  });

  test("a client that people come to be asked about is given no more than they agreed to", async () => {
    const [person, client] = [await personWithData(), await registerClient(server)];
    const parameters = { scope: "openid offline_access", claims: everyClaim };
    const { accessToken, refreshToken } = await tokensFor(server, client, person.username, { parameters });
    expect(await userinfoOf({ access_token: accessToken })).toHaveProperty("email");
    const changed = await rest(server, "PATCH", `/v1/clients/${client.clientId}`, { first_party: false });
    expect(changed.status, JSON.stringify(changed.json)).toBe(200);
    expect(await userinfoOf({ access_token: accessToken })).toEqual({ sub: person.id });
    const refreshed = await tokenRequest(server, client, { grant_type: "refresh_token", refresh_token: refreshToken });
    expect(decodeJwt(String(refreshed.json["id_token"]))).not.toHaveProperty("email");
  });
});

describe("A11: no scope that is left is no leave to go on", () => {
  test("who asks for nothing is consented to as well, and it is remembered", async () => {
    const [person, client] = [await personWithData(), await thirdParty()];
    const way = await walk(server, client, { scope: "" });
    await way.signIn(person.username);
    expect(way.at().pathname).toBe("/consent");
    expect((await way.page()).html).toContain("know who you are here");
    const silent = () => walk(server, client, { scope: "", prompt: "none" }, way.browser);
    expect(errorOf(await silent())).toBe("consent_required");
    await way.send({ action: "allow" });
    expect((await silent()).at().searchParams.get("code")).toMatch(/./);
    expect(errorOf(await walk(server, client, { scope: "openid", prompt: "none" }, way.browser))).toBe(
      "consent_required",
    );
    expect(await consentedTo(person.id)).toMatchObject([{ client_id: client.clientId, granted: [{}] }]);
  });

  const refused = (json: unknown) => expect(json).toMatchObject({ error: "invalid_scope" });

  test("who asks for unknown scopes alone, or for those of others, is refused everywhere", async () => {
    const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code";
    const client = await thirdParty({
      scope: "openid",
      grant_types: ["authorization_code", "refresh_token", "client_credentials", deviceGrant],
    });
    const person = await personWithData();
    const { browser } = await tokensFor(server, await registerClient(server), person.username);
    for (const scope of ["nope", "nope users.write"]) {
      const way = await walk(server, client, { scope, prompt: "none" }, browser);
      expect(errorOf(way), scope).toBe("invalid_scope");
      refused((await pushRequest(server, client, { scope })).json);
      refused((await tokenRequest(server, client, { grant_type: "client_credentials", scope })).json);
      refused((await clientRequest(server, client, "/oauth/v2/device_authorization", { scope })).json);
    }
    // What speaks of a person is nothing for a client that acts for itself.
    refused((await tokenRequest(server, client, { grant_type: "client_credentials", scope: "openid" })).json);
  });

  test("a client that is left nothing of what it asked for while its person signs in gets no code", async () => {
    const [person, client] = [await personWithData(), await thirdParty({ scope: "openid email" })];
    const way = await walk(server, client, { scope: "email" });
    await allowOnly(client, "openid");
    await way.signIn(person.username);
    expect(errorOf(way)).toBe("invalid_scope");
  });
});

async function allowOnly({ clientId }: RelyingParty, scope: string): Promise<void> {
  const { status, json } = await rest(server, "PATCH", `/v1/clients/${clientId}`, { scope });
  expect(status, JSON.stringify(json)).toBe(200);
}
