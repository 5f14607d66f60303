import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { axeViolations } from "../support/axe.ts";
import { launchBrowser } from "../support/browser.ts";
import { pageStates, type PageState } from "../support/page-states.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// What must hold of every page that people see, in each of its states.

let server: RunningServer;
let browser: Browser;
let states: readonly PageState[];
beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
  states = await pageStates(server);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Leads a browser that was never there to each state, and answers by its name what `look` finds, where that is anything. */
async function onEvery(
  options: BrowserContextOptions,
  look: (page: Page, at: number) => Promise<readonly unknown[]>,
): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const found: Record<string, readonly unknown[]> = {};
  const context = await browser.newContext({ viewport: { width: 768, height: 1024 }, ...options });
  try {
    const page = await context.newPage();
    for (const [at, { name, open }] of states.entries()) {
      await context.clearCookies();
      await page.unrouteAll();
      await open(page);
      await page.waitForLoadState();
      const here = await look(page, at);
      if (here.length > 0) found[name] = here;
    }
    return found;
  } finally {
    await context.close();
  }
}

const headings: (string | null)[] = [];

test("axe finds nothing to say of any, light or dark", { timeout: 300_000 }, async () => {
  const found = await onEvery({ reducedMotion: "reduce", locale: "en" }, async (page, at) => {
    headings[at] = await page.textContent("h1");
    const light = await axeViolations(page);
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await axeViolations(page);
    await page.emulateMedia({ colorScheme: "light" });
    return [...light, ...dark];
  });
  expect(found).toEqual({});
});

/** The product's name, and what only developers see. */
const sameInAll = ["landing", "dev-mail"];

// That no language lacks a text is for the compiler to say: this is whether the page asks for it.
test.each(["pt-BR", "es"])("each speaks %s to who asks for it", { timeout: 300_000 }, async (locale) => {
  const found = await onEvery({ locale }, async (page, at) => {
    const [lang, heading] = [await page.getAttribute("html", "lang"), await page.textContent("h1")];
    const isOther = heading !== headings[at] || sameInAll.includes(states[at]?.name ?? "");
    return lang === locale && heading !== null && isOther ? [] : [lang, heading, headings[at]];
  });
  expect(found).toEqual({});
});
