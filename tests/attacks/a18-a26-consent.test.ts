import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { walk, walkTo, type Walk } from "../support/interaction-pages.ts";
import { logoPng, startLogoHost, type LogoHost } from "../support/logo-host.ts";
import {
  createPerson,
  locationOf,
  pushedRequestUrl,
  pushRequest,
  registerClient,
  rest,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let host: LogoHost;
beforeAll(async () => {
  host = await startLogoHost();
  server = await startServer({ env: { KODER_ID_OUTBOUND_EXEMPT: `${host.authority}=${host.caFile}` } });
});
afterAll(async () => {
  await host?.stop();
  await server?.stop();
});

/** A browser that stands before the consent page of a third-party client. */
async function beforeConsent(metadata: Record<string, unknown> = {}) {
  const person = await createPerson(server);
  const client = await registerClient(server, { first_party: false, ...metadata });
  const way = await walk(server, client);
  await way.signIn(person.username);
  expect(way.at().pathname).toBe("/consent");
  return { person, client, way };
}
const isConsented = async (client: RelyingParty, way: Walk) =>
  (await walk(server, client, { prompt: "none" }, way.browser)).at().searchParams.has("code");

describe("A18: a client's words and addresses", () => {
  const hostile = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 | times: 6 }}'`;

  test("are text on every page that asks for it", async () => {
    const { way } = await beforeConsent({ client_name: hostile });
    for (const path of ["/consent", "/accounts", "/sign-in"]) {
      way.follow(`${path}?authorization=${way.at().searchParams.get("authorization") ?? ""}`);
      const { html } = await way.page();
      expect(html, path).not.toMatch(/<script>alert|<img src=x/);
      expect(html, path).toContain("&lt;script&gt;");
      expect(html, path).toContain("{{ 7 | times: 6 }}");
    }
  });

  test("are never script in a link", async () => {
    for (const member of ["client_uri", "policy_uri", "tos_uri", "logo_uri"]) {
      for (const uri of ["javascript:alert(1)", "data:text/html,x", "http://plain.example/", " javascript:alert(1)"]) {
        const body = { client_name: "x", redirect_uris: ["https://app.example.com/cb"], [member]: uri };
        expect((await rest(server, "POST", "/v1/clients", body)).status, `${member} ${uri}`).toBe(400);
      }
    }
  });

  test("a person's own name is text as well", async () => {
    const { person, way } = await beforeConsent();
    expect((await rest(server, "PATCH", `/v1/users/${person.id}`, { name: hostile })).status).toBe(200);
    for (const path of ["/consent", "/accounts"]) {
      way.follow(`${path}?authorization=${way.at().searchParams.get("authorization") ?? ""}`);
      const { html } = await way.page();
      expect(html).not.toMatch(/<script>alert|<img src=x/);
      expect(html).toContain("&lt;script&gt;");
    }
  });

  test("neither page can be framed, run a script that is not ours, or be kept", async () => {
    const { way } = await beforeConsent();
    for (const path of ["/consent", "/accounts"]) {
      const url = `${server.url}${path}?authorization=${way.at().searchParams.get("authorization") ?? ""}`;
      const { headers } = await way.browser.get(url);
      expect(headers.get("content-security-policy")).toMatch(
        /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
      );
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("cache-control")).toBe("no-store");
    }
  });
});

describe("A18: a client's logo", () => {
  const logoOf = async (logoUri: string) => {
    const { way, client } = await beforeConsent({ logo_uri: logoUri });
    const { html } = await way.page();
    const [, src = ""] = /<img src="([^"]+)"/.exec(html) ?? [];
    expect(src).toMatch(new RegExp(`^/pages/logo/${client.clientId}\\?v=[0-9a-f]{16}$`));
    expect(html).not.toContain(host.authority);
    return fetch(`${server.url}${src}`);
  };

  test("comes from our own origin, and can be nothing but a picture", async () => {
    const response = await logoOf(`https://${host.authority}/logo.png`);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(logoPng);
    expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'; sandbox/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each(["/script.png", "/picture.svg", "/large.png", "/redirect.png", "/nowhere.png"])(
    "%s is not shown",
    async (path) => {
      const response = await logoOf(`https://${host.authority}${path}`);
      expect([response.status, response.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
      expect(response.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
      expect(await response.text()).toMatch(/KID-GEN-\d{3}-/);
    },
  );

  test("a private address is not asked, and a client without one has none", async () => {
    const asked = host.requests.length;
    expect((await logoOf("https://127.0.0.1/logo.png")).status).toBe(404);
    const { clientId } = await registerClient(server);
    for (const id of [clientId, "nobody", "%00", "..%2f..%2fkeys"]) {
      expect((await fetch(`${server.url}/pages/logo/${id}`)).status, id).toBeGreaterThanOrEqual(400);
    }
    expect(host.requests.length).toBe(asked);
  });
});

describe("A26: consent is the person's own", () => {
  test("a form from anywhere else than our page gives nothing", async () => {
    const { client, way } = await beforeConsent();
    for (const headers of [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ] as Record<string, string>[]) {
      expect((await way.send({ action: "allow" }, headers)).status, JSON.stringify(headers)).toBe(403);
    }
    expect(await isConsented(client, way)).toBe(false);
    await way.send({ action: "allow" }, { origin: server.url, "sec-fetch-site": "same-origin" });
    expect(await isConsented(client, way)).toBe(true);
  });

  test("neither does another's pending request, in the victim's browser", async () => {
    const attacker = await beforeConsent();
    const victim = await beforeConsent();
    const { hidden } = await victim.way.page();
    const planted = { ...hidden, ...(await attacker.way.page()).hidden, action: "allow" };
    for (const form of [planted, { ...planted, session: hidden["session"] ?? "" }]) {
      expect((await victim.way.browser.post(`${server.url}/consent`, form)).status).toBe(404);
    }
    expect(await isConsented(attacker.client, victim.way)).toBe(false);
    // Nor one's own request by somebody who lacks the cookie.
    expect((await httpBrowser().post(`${server.url}/consent`, { ...hidden, action: "allow" })).status).toBe(404);
    expect(await isConsented(victim.client, victim.way)).toBe(false);
  });

  test("nor a session that the browser does not have, or none at all", async () => {
    const { client, way } = await beforeConsent();
    const other = await beforeConsent();
    const { hidden } = await other.way.page();
    for (const session of [hidden["session"] ?? "", "", "01JZZZZZZZZZZZZZZZZZZZZZZZ"]) {
      await way.send({ session, action: "allow" });
      expect(way.at().pathname).toBe("/consent");
    }
    expect(await isConsented(client, way)).toBe(false);
  });

  test("nor to what the page did not show: its client had fewer scopes while it was read", async () => {
    const { client, way } = await beforeConsent({ scope: "openid profile email offline_access" });
    const setScope = async (scope: string) => {
      const { status } = await rest(server, "PATCH", `/v1/clients/${client.clientId}`, { scope });
      expect(status).toBe(200);
    };
    await setScope("openid");
    const { html, hidden } = await way.page();
    expect(html).not.toContain("see your e-mail address");
    await setScope("openid profile email offline_access");
    for (const shown of [hidden["shown"] ?? "", ""]) {
      const answer = await way.browser.post(`${server.url}/consent`, { ...hidden, shown, action: "allow" });
      expect(locationOf(answer, server.url).pathname).toBe("/consent");
      expect(await isConsented(client, way)).toBe(false);
    }
    expect((await way.page()).html).toContain("see your e-mail address");
    await way.send({ action: "allow" });
    expect(await isConsented(client, way)).toBe(true);
  });

  test("nor anything but a plain yes; and a link never decides", async () => {
    for (const action of ["", "ALLOW", "allow ", "yes"]) {
      const { client, way } = await beforeConsent();
      await way.send({ action });
      expect(way.at().searchParams.get("error"), action).toBe("access_denied");
      expect(await isConsented(client, way)).toBe(false);
    }
    const { client, way } = await beforeConsent();
    const { hidden } = await way.page();
    const query = new URLSearchParams({ ...hidden, action: "allow" });
    expect((await way.browser.get(`${server.url}/consent?${query.toString()}`)).status).toBe(200);
    expect(await isConsented(client, way)).toBe(false);
  });

  test("and a no that was given is not taken back by a form that is still open, nor by a link", async () => {
    const { client, way } = await beforeConsent();
    const [{ hidden }, open] = [await way.page(), way.at().href];
    await way.send({ action: "deny" });
    expect(way.at().searchParams.get("error")).toBe("access_denied");
    for (const action of ["allow", "deny"]) {
      expect((await way.browser.post(`${server.url}/consent`, { ...hidden, action })).status).toBe(404);
    }
    expect((await way.browser.get(open)).status).toBe(404);
    expect(await isConsented(client, way)).toBe(false);
  });

  test("nor by the request_uri that a no has used up, here and in another window", async () => {
    const person = await createPerson(server);
    const client = await registerClient(server, { first_party: false });
    const pushed = (await pushRequest(server, client)).json["request_uri"];
    const url = pushedRequestUrl(server, client, pushed);
    const [one, other] = [await walkTo(server, url), await walkTo(server, url)];
    for (const way of [one, other]) await way.signIn(person.username);
    await one.send({ action: "deny" });
    expect(one.at().searchParams.get("error")).toBe("access_denied");
    expect((await one.browser.get(url)).status).toBe(400);
    await other.send({ action: "allow" });
    expect(Object.fromEntries(other.at().searchParams)).toMatchObject({ error: "invalid_request_uri" });
  });

  test("of a yes and a no at one moment, one is the answer", async () => {
    for (let turn = 0; turn < 5; turn++) {
      const person = await createPerson(server);
      const client = await registerClient(server, { first_party: false });
      const url = pushedRequestUrl(server, client, (await pushRequest(server, client)).json["request_uri"]);
      const way = await walkTo(server, url);
      await way.signIn(person.username);
      const { hidden } = await way.page();
      const answers = await Promise.all(
        ["allow", "deny"].map((action) => way.browser.post(`${server.url}/consent`, { ...hidden, action })),
      );
      const given = answers
        .map((answer) => new URL(answer.headers.get("location") ?? "/", server.url).searchParams)
        .filter((query) => query.has("code") || query.get("error") === "access_denied");
      expect(given).toHaveLength(1);
    }
  });

  test("an account is chosen by its browser's own form alone", async () => {
    const { way } = await beforeConsent();
    way.follow(`/accounts?authorization=${way.at().searchParams.get("authorization") ?? ""}`);
    const { html } = await way.page();
    const session = /name="session" value="([^"]+)"/.exec(html)?.[1] ?? "";
    expect((await way.send({ session }, { "sec-fetch-site": "cross-site" })).status).toBe(403);
    const { hidden } = await way.page();
    expect((await httpBrowser().post(`${server.url}/accounts`, { ...hidden, session })).status).toBe(404);
    expect((await way.send({ session })).status).toBe(303);
  });
});
