import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mailedToken } from "../support/dev-mail.ts";
import { walk } from "../support/interaction-pages.ts";
import {
  authorizationRequest,
  createPerson,
  password,
  registerClient,
  rest,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
});
afterAll(() => server?.stop());

describe("the language that an application asks for (ui_locales)", () => {
  test("is gone on in by who has lost their password: on the pages, and in the mail", async () => {
    const { username } = await createPerson(server);
    const way = await walk(server, client, { ui_locales: "es" });
    const { html } = await way.page();
    way.follow(/href="(\/reset[^"]+)"/.exec(html)?.[1] ?? "");
    expect((await way.page()).html).toContain("Recibir una contraseña nueva");
    const sent = await way.send({ username }, { "accept-language": "pt-BR" });
    expect(sent.headers.get("content-language")).toBe("es");
    await mailedToken(server, `${username}@koder.dev`);
    const mails = await (await fetch(`${server.url}/dev/mail`)).text();
    expect(mails.split("<section").find((mail) => mail.includes(username))).toContain("contraseña");
  });

  test("is that of the page by which a form_post goes, with a code or an error", async () => {
    const asked = { ui_locales: "es", response_mode: "form_post" };
    for (const fault of [{ prompt: "none" }, { response_type: "token" }]) {
      const refused = await fetch(authorizationRequest(server, client, { ...asked, ...fault }).url);
      expect([refused.status, refused.headers.get("content-language")]).toEqual([200, "es"]);
      expect(await refused.text()).toContain('name="error"');
    }
    const { username } = await createPerson(server);
    const way = await walk(server, client, asked);
    const answer = await way.send({ username, password });
    expect(await answer.text()).toContain('name="code"');
    expect(answer.headers.get("content-language")).toBe("es");
  });

  test("is that of a page that ends a sign-in", async () => {
    const username = "no-mailbox";
    expect(await rest(server, "POST", "/v1/users", { username, password })).toMatchObject({ status: 200 });
    const way = await walk(server, client, { ui_locales: "es" });
    const { hidden } = await way.page();
    const policy = "/v1/admin/policies/authentication";
    const impossible = { mfa: "MFA_REQUIREMENT_REQUIRED", second_factors: ["SIGN_IN_FACTOR_EMAIL_OTP"] };
    expect(await rest(server, "PATCH", policy, impossible)).toMatchObject({ status: 200 });
    const page = await way.browser.post(`${server.url}/sign-in`, { ...hidden, username, password });
    await rest(server, "PATCH", policy, { mfa: "MFA_REQUIREMENT_OPTIONAL", second_factors: [] });
    expect([page.status, page.headers.get("content-language")]).toEqual([400, "es"]);
    expect(await page.text()).not.toContain('name="password"');
  });

  test("is that of a page that says what is wrong with a request", async () => {
    const asked = { ui_locales: "es", redirect_uri: "https://elsewhere.example/cb" };
    const { searchParams: query, href } = new URL(authorizationRequest(server, client, asked).url);
    const tooLong = new URLSearchParams({ ui_locales: "es", state: "x".repeat(30_000) });
    const languages = [
      await fetch(href),
      await fetch(`${server.url}/oauth/v2/authorize`, { method: "POST", body: query }),
      await fetch(`${server.url}/oauth/v2/authorize?ui_locales=es&client_id=${"x".repeat(70_000)}`.slice(0, 15_000)),
      await fetch(`${server.url}/oidc/v1/end_session?ui_locales=es&state=1&state=2`),
      await fetch(`${server.url}/oidc/v1/end_session`, { method: "POST", body: tooLong }),
    ].map(({ status, headers }) => [status, headers.get("content-language")]);
    expect(languages).toEqual(languages.map(() => [400, "es"]));
  });

  test("is not, where the sign-in is another browser's or over, and then no way leads back to it", async () => {
    const way = await walk(server, client, { ui_locales: "es" });
    const response = await fetch(`${server.url}/reset${way.at().search}`);
    expect([response.status, response.headers.get("content-language")]).toEqual([200, "en-US"]);
    expect(await response.text()).not.toContain("/sign-in");
  });
});
