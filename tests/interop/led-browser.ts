import { expect } from "vitest";
import type { HttpBrowser } from "../support/http-browser.ts";
import { password } from "../support/relying-party.ts";

/** Where the application, or the server, leads the browser. */
export const leads = (response: Response): string => {
  expect([302, 303]).toContain(response.status);
  return response.headers.get("location") ?? "";
};

/** Where a browser came to, and the way there: each address that it was led to, the page's own last. */
export interface Arrival {
  readonly page: Response;
  readonly way: readonly URL[];
}

/** Goes where an answer leads, and on, until there is a page: as every browser does. */
export async function follow(browser: HttpBrowser, from: string, first: Promise<Response>): Promise<Arrival> {
  let page = await first;
  const way = [new URL(from)];
  while (page.status >= 300 && page.status < 400) {
    expect(way.length, way.join("\n")).toBeLessThan(12);
    const next = new URL(page.headers.get("location") ?? "", way.at(-1));
    way.push(next);
    page = await browser.get(next.href);
  }
  return { page, way };
}

/** Opens an address. */
export const open = (browser: HttpBrowser, url: string): Promise<Arrival> => follow(browser, url, browser.get(url));

/** Fills in the sign-in page that a browser was led to, and goes where that leads. */
export async function signInOn(arrival: Arrival, browser: HttpBrowser, username: string): Promise<Arrival> {
  const at = arrival.way.at(-1) ?? new URL("about:blank");
  expect([arrival.page.status, at.pathname]).toEqual([200, "/sign-in"]);
  const form = { authorization: at.searchParams.get("authorization") ?? "", username, password };
  return follow(browser, at.href, browser.post(new URL("/sign-in", at).href, form));
}
