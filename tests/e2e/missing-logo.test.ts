import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchBrowser } from "../support/browser.ts";
import { authorizationRequest, registerClient } from "../support/relying-party.ts";
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

test("an application whose logo does not come has its letter", async () => {
  const page = await browser.newPage();
  const client = await registerClient(server, { client_name: "Koder Chat", logo_uri: "https://127.0.0.1/logo.png" });
  const asked = page.waitForResponse((response) => response.url().includes("/pages/logo/"));
  await page.goto(authorizationRequest(server, client).url);
  expect((await asked).status()).toBe(404);
  expect(await page.textContent(".letter.client")).toBe("K");
  await expect.poll(() => page.isVisible(".letter.client img")).toBe(false);
  await page.close();
});
