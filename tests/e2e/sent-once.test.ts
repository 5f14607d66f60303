import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { changeAuthenticationPolicy } from "../support/authentication-policy.ts";
import { launchBrowser } from "../support/browser.ts";
import { totpCode } from "../support/factors.ts";
import { authorizationRequest, createPerson, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
let browser: Browser;
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Holds the answers to forms back, as a slow line does; answers how many were sent, and what lets the answers come. */
async function slowLine(page: Page, url: string) {
  const [answered, come] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let sent = 0;
  await page.route(url, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    sent += 1;
    const answer = url.startsWith(server.url) ? { response: await route.fetch() } : { body: "the application" };
    answered.resolve();
    await come.promise;
    // What was sent before another one is not waited for any more.
    return route.fulfill(answer).catch(() => undefined);
  });
  return { answered: answered.promise, come: () => come.resolve(), sent: () => sent };
}

/** Where a button is, to be pressed there as people do who see nothing happen: what waits for pages to be there is no such person. */
async function middleOf(page: Page, selector: string): Promise<[x: number, y: number]> {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`there is no ${selector}`);
  return [box.x + box.width / 2, box.y + box.height / 2];
}

async function openPage(): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 768, height: 1024 } });
  page.setDefaultTimeout(10_000);
  return page;
}

async function signIn(page: Page, url: string): Promise<void> {
  const { username } = await createPerson(server);
  await page.goto(url);
  await page.fill("input[name=username]", username);
  await page.fill("input[name=password]", password);
  await page.click("button[type=submit]", { noWaitAfter: true });
}

describe("a button that is pressed again while the answer is on its way", () => {
  test("sends its form once: new recovery codes are seen", async () => {
    const client = await registerClient(server);
    const client_overrides = [{ client_id: client.clientId, mfa: "MFA_REQUIREMENT_REQUIRED" }];
    await changeAuthenticationPolicy(server, { client_overrides });
    const page = await openPage();
    await signIn(page, authorizationRequest(server, client).url);
    const secret = await page.textContent("details.secret code");
    await page.fill("input[name=new_totp]", totpCode(secret?.replaceAll(" ", "") ?? ""));
    const line = await slowLine(page, `${server.url}/sign-in`);
    const button = await middleOf(page, "button.primary");
    await page.mouse.click(...button);
    await line.answered;
    await page.mouse.click(...button);
    line.come();
    await page.waitForSelector("ul.codes");
    expect(await page.locator("ul.codes li").count()).toBe(10);
    expect(line.sent()).toBe(1);
    await page.close();
  });

  test("sends no answer anew that the page has sent by itself: its code would come twice", async () => {
    const client = await registerClient(server);
    const page = await openPage();
    const line = await slowLine(page, client.redirectUri);
    await signIn(page, authorizationRequest(server, client, { response_mode: "form_post" }).url);
    await line.answered;
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    line.come();
    await page.waitForURL(client.redirectUri);
    expect(line.sent()).toBe(1);
    await page.close();
  });
});
