import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import {
  authorizationRequest,
  createPerson,
  password,
  registerClient,
  tokenRequest,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

/** What reached the application's redirect URI. */
interface Arrived {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly contentType: string | undefined;
  readonly origin: string | undefined;
  readonly form: Readonly<Record<string, string>>;
}

let server: RunningServer;
let browser: Browser;
let application: Server;
let client: RelyingParty;
let username: string;
const arrivals: Arrived[] = [];
beforeAll(async () => {
  application = createServer((request, response) => {
    void text(request).then((body) => {
      const { method, url, headers } = request;
      const form = Object.fromEntries(new URLSearchParams(body));
      if (url !== "/favicon.ico") {
        arrivals.push({ method, url, contentType: headers["content-type"], origin: headers.origin, form });
      }
      response.end("arrived");
    });
  });
  application.listen(0, "127.0.0.1");
  await once(application, "listening");
  const redirectUri = `http://localhost:${(application.address() as AddressInfo).port}/cb?kept=1`;
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  client = { ...(await registerClient(server, { redirect_uris: [redirectUri] })), redirectUri };
  ({ username } = await createPerson(server));
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  application?.closeAllConnections();
  application?.close();
});

/** Opens a request in a new browser, and does there what is to be done. */
async function inBrowser(
  options: BrowserContextOptions,
  parameters: Record<string, string>,
  steps: (page: Page) => Promise<void>,
): Promise<{ readonly arrived: Arrived | undefined; readonly codeVerifier: string }> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const { url, codeVerifier } = authorizationRequest(server, client, { response_mode: "form_post", ...parameters });
    await page.goto(url, { waitUntil: "commit" });
    await steps(page);
    await page.waitForURL(({ href }) => href === client.redirectUri);
    return { arrived: arrivals.pop(), codeVerifier };
  } finally {
    await context.close();
  }
}

async function signIn(page: Page): Promise<void> {
  await page.fill("input[name=username]", username);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]");
}
const posted = {
  method: "POST",
  url: "/cb?kept=1",
  contentType: "application/x-www-form-urlencoded",
  form: { state: "a-state-that-is-long-enough" },
};

describe("response_mode=form_post (OAuth 2.0 Form Post Response Mode)", () => {
  test("a code arrives as a form, in a browser with scripts, and is good", async () => {
    const { arrived, codeVerifier } = await inBrowser({}, {}, signIn);
    expect(arrived).toMatchObject({ ...posted, origin: server.url });
    expect(Object.keys(arrived?.form ?? {})).toEqual(["code", "state", "iss"]);
    const { status } = await tokenRequest(server, client, {
      grant_type: "authorization_code",
      code: arrived?.form["code"] ?? "",
      redirect_uri: client.redirectUri,
      code_verifier: codeVerifier,
    });
    expect(status).toBe(200);
  });

  test("an error arrives as a form as well, and nothing of either in an address", async () => {
    const { arrived } = await inBrowser({}, { prompt: "none" }, () => Promise.resolve());
    expect(arrived).toMatchObject({ ...posted, form: { error: "login_required", iss: server.url } });
    const { arrived: early } = await inBrowser({}, { response_type: "" }, () => Promise.resolve());
    expect(early).toMatchObject({ ...posted, form: { error: "invalid_request" } });
  });

  test("without scripts there is a button, and whatever the state holds is only a value", async () => {
    const state = `"><script>alert(1)</script>&amp;' é漢`;
    const { arrived } = await inBrowser({ javaScriptEnabled: false }, { prompt: "none", state }, (page) =>
      page.click("button[type=submit]"),
    );
    expect(arrived).toMatchObject({ ...posted, form: { error: "login_required", state } });
  });

  test("nobody keeps the page, frames it or runs anything else in it", async () => {
    const { url } = authorizationRequest(server, client, { response_mode: "form_post", prompt: "none" });
    const { status, headers } = await fetch(url);
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toMatch(
      /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
    );
    expect(headers.get("content-security-policy")).not.toContain("form-action");
  });
});
