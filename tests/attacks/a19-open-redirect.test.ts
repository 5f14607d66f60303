import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signJwt } from "../../services/vault/sign-jwt.ts";
import { importSigningKey } from "../../services/vault/signing-key.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { afterLogout, confirmLogout, isSignedIn, questionOn, requestLogout } from "../support/logout.ts";
import { createPerson, registerClient, tokensFor, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
let other: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server, { post_logout_redirect_uris: [afterLogout] });
  other = await registerClient(server, { post_logout_redirect_uris: ["https://other.example.com/out"] });
});
afterAll(() => server?.stop());

const newcomer = async () => tokensFor(server, client, (await createPerson(server)).username);

const foreign = [
  "https://evil.example/",
  "//evil.example",
  "//evil.example/signed-out",
  "/\\evil.example",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  `${afterLogout}/`,
  `${afterLogout}?x=1`,
  `${afterLogout}#x`,
  `${afterLogout}/..`,
  `${afterLogout}%2f..`,
  `${afterLogout} `,
  ` ${afterLogout}`,
  `${afterLogout}\n`,
  afterLogout.toUpperCase(),
  afterLogout.replace("https:", "http:"),
  afterLogout.replace("app.example.com", "app.example.com:443"),
  afterLogout.replace("app.example.com", "user@app.example.com"),
  afterLogout.replace("app.example.com", "app.example.com.evil.example"),
  afterLogout.replace("app.example.com", "app.example.com@evil.example"),
  afterLogout.replace("app.example.com", "evil.example\\@app.example.com"),
  "https://other.example.com/out",
  "https://app.example.com/cb",
];

/** No redirect, and nothing on the page that leads there. */
async function leadsNowhere(answer: Response): Promise<string> {
  const html = await answer.text();
  expect([answer.status, answer.headers.get("location"), answer.headers.get("refresh")], html).toEqual([
    200,
    null,
    null,
  ]);
  const links = Array.from(html.matchAll(/(?:href|action|src)="([^"]*)"/g), ([, link = ""]) => link);
  expect(links.filter((link) => !/^\/(?:assets\/|logout$)/.test(link))).toEqual([]);
  return html;
}

describe("A19: after a logout, nobody is led where the client did not register to", () => {
  test("with a good hint: signed out, and told why they stay", async () => {
    for (const uri of foreign) {
      const { browser, idToken } = await newcomer();
      const parameters = { id_token_hint: idToken, post_logout_redirect_uri: uri, state: "s" };
      const html = await leadsNowhere(await requestLogout(server, browser, parameters));
      expect(html, uri).toContain("post_logout_redirect_uri is not registered for this client");
      expect(await isSignedIn(server, client, browser)).toBe(false);
    }
  }, 120_000);

  test("by the client's name, after the person said yes", async () => {
    const { browser } = await newcomer();
    for (const uri of foreign) {
      for (const client_id of [client.clientId, "nobody", ""]) {
        const asked = await requestLogout(server, browser, { client_id, post_logout_redirect_uri: uri });
        await leadsNowhere(asked.clone());
      }
    }
    const asked = await requestLogout(server, browser, {
      client_id: client.clientId,
      post_logout_redirect_uri: "//evil.example",
    });
    await leadsNowhere(await confirmLogout(server, browser, await questionOn(asked)));
    expect(await isSignedIn(server, client, browser)).toBe(false);
  });

  test("without a hint, no registered URI is gone to before the person said yes", async () => {
    const { browser } = await newcomer();
    for (const method of ["GET", "POST"] as const) {
      for (const some of [browser, httpBrowser()]) {
        const parameters = { client_id: client.clientId, post_logout_redirect_uri: afterLogout };
        if (method === "POST") await some.post(`${server.url}/oidc/v1/end_session`, parameters);
        expect((await requestLogout(server, some, parameters)).headers.get("location")).toBeNull();
      }
    }
    expect(await isSignedIn(server, client, browser)).toBe(true);
  });

  test("with a hint that is not ours, or another client's: asked, and led nowhere", async () => {
    const { browser, idToken, accessToken, refreshToken } = await newcomer();
    const [header = "", payload = "", signature = ""] = idToken.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as object;
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString()) as { readonly kid: string };
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const own = await importSigningKey({
      alg: "RS256",
      privateKey: privateKey.export({ type: "pkcs8", format: "der" }),
    });
    const hints: Readonly<Record<string, string>> = {
      "alg none": `${encode({ alg: "none", typ: "JWT", kid })}.${payload}.`,
      "alg none, signed": `${encode({ alg: "none", typ: "JWT", kid })}.${payload}.${signature}`,
      "signed by the client": await signJwt(own, { typ: "JWT" }, claims),
      "signed by the client, under our key's name": await signJwt({ ...own, kid }, { typ: "JWT" }, claims),
      "other claims": `${header}.${encode({ ...claims, aud: client.clientId, x: 1 })}.${signature}`,
      "an access token": accessToken,
      "a refresh token": refreshToken,
      garbage: "a.b.c",
    };
    for (const [what, id_token_hint] of Object.entries(hints)) {
      for (const client_id of [client.clientId, ""]) {
        const asked = await requestLogout(server, browser, {
          id_token_hint,
          client_id,
          post_logout_redirect_uri: afterLogout,
        });
        expect(await leadsNowhere(asked), what).toContain("id_token_hint is no id token of this server");
      }
    }
    const mixed = await requestLogout(server, browser, {
      id_token_hint: idToken,
      client_id: other.clientId,
      post_logout_redirect_uri: "https://other.example.com/out",
    });
    expect(await leadsNowhere(mixed.clone())).toContain("client_id is not the client");
    await leadsNowhere(await confirmLogout(server, browser, await questionOn(mixed)));
  });
});
