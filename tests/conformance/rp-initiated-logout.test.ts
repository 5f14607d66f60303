import { SignJWT, decodeJwt, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser, type HttpBrowser } from "../support/http-browser.ts";
import { formsOf } from "./support/page.ts";
import { startProvider, type Provider } from "./support/provider.ts";
import { createTester, type TestClient, type Tester } from "./support/tester.ts";

const back = "https://localhost:8443/test/a/koder/post_logout_redirect";

describe("RP-Initiated Logout OP", () => {
  let provider: Provider;
  let tester: Tester;
  let client: TestClient;
  beforeAll(async () => {
    provider = await startProvider();
    tester = createTester(provider);
    client = await tester.newClient({ post_logout_redirect_uris: [back] });
  });
  afterAll(() => provider.stop());

  /** Signs in, sends the browser to the logout endpoint and confirms where a page asks; answers where it ended. */
  async function logout(parameters: (idToken: string) => Readonly<Record<string, string>>): Promise<Logout> {
    const browser = httpBrowser();
    const { idToken } = await tester.signIn(client, {}, { browser });
    const query = new URLSearchParams(parameters(idToken)).toString();
    let response = await browser.get(`${provider.endpoint("end_session_endpoint")}${query === "" ? "" : `?${query}`}`);
    for (let pages = 0; ;) {
      const location = response.headers.get("location");
      if (location !== null) {
        const url = new URL(location, provider.url);
        if (url.origin !== provider.url) return { kind: "redirect", url, pages, browser };
        response = await browser.get(url.href);
        continue;
      }
      const html = await response.text();
      const form = formsOf(html).find(({ action }) => new URL(action, provider.url).pathname.includes("logout"));
      if (form === undefined) return { kind: "page", status: response.status, pages, browser };
      pages += 1;
      expect(pages, html).toBeLessThan(4);
      const button = form.buttons.find(({ name }) => name !== "");
      response = await browser.post(new URL(form.action, provider.url).href, {
        ...Object.fromEntries(form.inputs),
        ...(button === undefined ? {} : { [button.name]: button.value }),
      });
    }
  }
  type Logout = { readonly pages: number; readonly browser: HttpBrowser } & (
    | { readonly kind: "redirect"; readonly url: URL }
    | { readonly kind: "page"; readonly status: number }
  );

  /** The person is signed out: what the suite asks next of the same browser. */
  async function expectSignedOut(browser: HttpBrowser): Promise<void> {
    expect(await tester.errorOf(tester.request(client, { prompt: "none" }), { browser })).toBe("login_required");
  }

  test("oidcc-rp-initiated-logout-discovery-endpoint-verification", () => {
    expect(provider.endpoint("end_session_endpoint")).toMatch(/^https:/);
  });

  test("oidcc-rp-initiated-logout", async () => {
    const state = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index)).trim();
    const outcome = await logout((hint) => ({ id_token_hint: hint, post_logout_redirect_uri: back, state }));
    expect(outcome.kind === "redirect" && outcome.url.origin + outcome.url.pathname).toBe(back);
    expect(outcome.kind === "redirect" && [...outcome.url.searchParams]).toEqual([["state", state]]);
    expect(outcome.pages).toBe(0);
    await expectSignedOut(outcome.browser);
  });

  test("oidcc-rp-initiated-logout-no-state", async () => {
    const outcome = await logout((hint) => ({ id_token_hint: hint, post_logout_redirect_uri: back }));
    expect(outcome.kind === "redirect" && outcome.url.href).toBe(back);
    await expectSignedOut(outcome.browser);
  });

  test("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri", async () => {
    const other = "https://localhost:8443/test/a/koder/not_registered";
    const outcome = await logout((hint) => ({ id_token_hint: hint, post_logout_redirect_uri: other, state: "x" }));
    expect(outcome.kind).toBe("page");
  });

  test("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri", async () => {
    const added = `${back}?foo=bar`;
    const outcome = await logout((hint) => ({ id_token_hint: hint, post_logout_redirect_uri: added, state: "x" }));
    expect(outcome.kind).toBe("page");
  });

  test("oidcc-rp-initiated-logout-bad-id-token-hint", async () => {
    const { privateKey } = await generateKeyPair("RS256");
    for (const forge of [
      (claims: object) => `${base64({ alg: "none" })}.${base64(claims)}.`,
      (claims: object) => new SignJWT({ ...claims }).setProtectedHeader({ alg: "RS256" }).sign(privateKey),
    ]) {
      const browser = httpBrowser();
      const { idToken } = await tester.signIn(client, {}, { browser });
      const hint = await forge(decodeJwt(idToken));
      const outcome = await logout(() => ({ id_token_hint: hint, post_logout_redirect_uri: back, state: "x" }));
      expect(outcome.kind).toBe("page");
    }
  });

  test("oidcc-rp-initiated-logout-modified-id-token-hint", async () => {
    const outcome = await logout((hint) => {
      const [header = "", , signature = ""] = hint.split(".");
      const changed = `${header}.${base64({ ...decodeJwt(hint), sub: "somebody-else" })}.${signature}`;
      return { id_token_hint: changed, post_logout_redirect_uri: back, state: "x" };
    });
    expect(outcome.kind).toBe("page");
  });

  test("oidcc-rp-initiated-logout-no-id-token-hint", async () => {
    const outcome = await logout(() => ({ post_logout_redirect_uri: back, state: "x" }));
    expect(outcome.pages).toBeGreaterThan(0);
    expect(outcome.kind).toBe("page");
  });

  test.each([
    ["oidcc-rp-initiated-logout-no-params", () => ({})],
    ["oidcc-rp-initiated-logout-only-state", () => ({ state: "x" })],
    ["oidcc-rp-initiated-logout-no-post-logout-redirect-uri", (hint: string) => ({ id_token_hint: hint, state: "x" })],
  ] as const)("%s", async (_module, parameters) => {
    const outcome = await logout(parameters);
    expect(outcome).toMatchObject({ kind: "page", status: 200 });
    await expectSignedOut(outcome.browser);
  });
});

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
