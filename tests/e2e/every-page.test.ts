import { isDeepStrictEqual } from "node:util";
import type { Browser, Page } from "playwright-core";
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

/** Has a page ask in a language, from the next request on. */
const speak = (page: Page, language: string) => page.setExtraHTTPHeaders({ "accept-language": language });

/** Leads a browser that was never there to each of some states, and does something there. */
async function onEach(
  some: readonly PageState[],
  language: string,
  look: (page: Page, name: string) => Promise<void>,
): Promise<void> {
  const viewport = { width: 768, height: 1024 };
  const context = await browser.newContext({ viewport, reducedMotion: "reduce" });
  try {
    const page = await context.newPage();
    for (const { name, open } of some) {
      await context.clearCookies();
      await speak(page, language);
      await page.unrouteAll();
      await open(page);
      await page.waitForLoadState();
      await look(page, name);
    }
  } finally {
    await context.close();
  }
}

const otherLanguages = ["pt-BR", "es"];

/** What a page says, and where it is and what it is made of, without its texts. */
interface Seen {
  readonly lang: string | null;
  readonly heading: string | null;
  readonly parts: readonly string[];
}

async function seenOn(page: Page): Promise<Seen> {
  return page.evaluate(() => ({
    lang: document.documentElement.lang,
    heading: document.querySelector("h1")?.textContent ?? null,
    parts: [
      location.pathname,
      ...Array.from(document.querySelectorAll("body *"), (part) => `${part.localName} ${part.getAttribute("name")}`),
    ],
  }));
}

/** What was seen of each state: in English, and in the others. */
const seen = new Map<string, Map<string, Seen>>();
const violations: Record<string, readonly unknown[]> = {};
/** Pages on which a form or a box begins right under the heading, where only the sentence that belongs to it does. */
const crowded: string[] = [];
/** What does not go by the size of text that a person has set. */
const notLarge: Record<string, readonly string[]> = {};
let visiting: Promise<void> | undefined;

/** How far below the heading what follows it begins, in CSS pixels; a sentence, or nothing, is far enough. */
const roomUnderHeading = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const heading = document.querySelector("h1");
    const next = heading?.nextElementSibling;
    if (heading == null || next == null || next.localName === "p") return Number.POSITIVE_INFINITY;
    return next.getBoundingClientRect().top - heading.getBoundingClientRect().bottom;
  });

/**
 * What of a page does not go by the size of text that a person has set in their browser (WCAG 2.2 §1.4.4), here twice the usual one, on
 * a phone that is held across: text that stays small or is cut, and the page where it is wider than the window.
 */
async function smallOrCut(page: Page): Promise<readonly string[]> {
  const before = page.viewportSize() ?? { width: 0, height: 0 };
  await page.setViewportSize({ width: 640, height: 360 });
  const found = await page.evaluate(() => {
    const root = document.documentElement;
    const own = ({ childNodes }: Element) =>
      Array.from(childNodes).some(({ nodeType, nodeValue }) => nodeType === Node.TEXT_NODE && nodeValue?.trim() !== "");
    const parts = Array.from(document.querySelectorAll<HTMLElement>("body *")).filter(
      (part) => part.checkVisibility() && (own(part) || part.matches("input:not([type=checkbox])")),
    );
    const sizes = () => parts.map((part) => Number.parseFloat(getComputedStyle(part).fontSize));
    const usual = sizes();
    root.style.fontSize = "200%";
    const large = sizes();
    const small = parts.filter((_, index) => Math.abs((large[index] ?? 0) - 2 * (usual[index] ?? 0)) > 0.1);
    const cut = parts.filter(
      (part) => getComputedStyle(part).overflowY !== "visible" && part.scrollHeight > part.clientHeight + 1,
    );
    const wide = root.scrollWidth > root.clientWidth ? [root] : [];
    root.style.fontSize = "";
    return [...small, ...cut, ...wide].map(({ localName, className }) => `${localName}.${className}`);
  });
  await page.setViewportSize(before);
  return found;
}

/**
 * Goes to each state once, and asks for the page there once more in each other language, whatever the request was. Where the answer
 * to that is another page, as after what can be done only once, the state is gone to anew in that language.
 */
async function visit(): Promise<void> {
  const anew = new Map(otherLanguages.map((language) => [language, new Set<string>()]));
  await onEach(states, "en", async (page, name) => {
    const english = await seenOn(page);
    seen.set(name, new Map([["en", english]]));
    if ((await roomUnderHeading(page)) < 16) crowded.push(name);
    const toMend = await smallOrCut(page);
    if (toMend.length > 0) notLarge[name] = toMend;
    const light = await axeViolations(page);
    await page.emulateMedia({ colorScheme: "dark" });
    // What is not about colours is the same in the dark.
    const dark = await axeViolations(page, "colours");
    await page.emulateMedia({ colorScheme: "light" });
    if (light.length + dark.length > 0) violations[name] = [...light, ...dark];
    for (const language of otherLanguages) {
      await speak(page, language);
      await page.reload();
      const again = await seenOn(page);
      if (isDeepStrictEqual(again.parts, english.parts)) seen.get(name)?.set(language, again);
      else anew.get(language)?.add(name);
    }
  });
  for (const [language, names] of anew) {
    const some = states.filter(({ name }) => names.has(name));
    await onEach(some, language, async (page, name) => void seen.get(name)?.set(language, await seenOn(page)));
  }
}

test("axe finds nothing to say of any, light or dark", { timeout: 300_000 }, async () => {
  await (visiting ??= visit());
  expect(violations).toEqual({});
});

test("none begins right under its heading", { timeout: 300_000 }, async () => {
  await (visiting ??= visit());
  expect(crowded).toEqual([]);
});

test("each goes by the size of text that a person has set", { timeout: 300_000 }, async () => {
  await (visiting ??= visit());
  expect(notLarge).toEqual({});
});

/** The product's name, and what only developers see. */
const sameInAll = ["landing", "dev-mail"];

// That no language lacks a text is for the compiler to say: this is whether the page asks for it.
test.each(otherLanguages)("each speaks %s to who asks for it", { timeout: 300_000 }, async (language) => {
  await (visiting ??= visit());
  const wrong = states.flatMap(({ name }) => {
    const [english, other] = [seen.get(name)?.get("en"), seen.get(name)?.get(language)];
    const heading = other?.heading ?? null;
    const isOther = heading !== english?.heading || sameInAll.includes(name);
    return other?.lang === language && heading !== null && isOther ? [] : [[name, other?.lang, heading]];
  });
  expect(wrong).toEqual([]);
});
