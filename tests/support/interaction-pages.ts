import { expect } from "vitest";
import { hiddenInputs } from "./hidden-inputs.ts";
import { httpBrowser, type HttpBrowser } from "./http-browser.ts";
import {
  authorizationRequest,
  locationOf,
  password,
  tokenRequest,
  type Instance,
  type RelyingParty,
} from "./relying-party.ts";

/** A page between an authorization request and its answer, as a browser without JavaScript has it. */
export interface InteractionPage {
  readonly path: string;
  /** Its HTML. */
  readonly html: string;
  /** Its hidden inputs. */
  readonly hidden: Readonly<Record<string, string>>;
}

/** A person's way from an authorization request to its answer, page by page. */
export interface Walk {
  readonly browser: HttpBrowser;
  /** The page that the person stands before. Throws when they have arrived at the client. */
  page(): Promise<InteractionPage>;
  /** Sends the form of the page with what the person adds to it. */
  send(fields: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Follows a link to another of our pages. */
  follow(path: string): void;
  /** Signs in on the page. */
  signIn(username: string): Promise<void>;
  /** Where the walk has come to: a page of ours or the client's callback. */
  at(): URL;
  /** The scopes of the tokens that the answer gives, and whose they are. */
  redeem(): Promise<Record<string, unknown>>;
}

/** Begins a walk: sends an authorization request by a browser that may have cookies already. */
export async function walk(
  server: Instance,
  client: RelyingParty,
  parameters: Readonly<Record<string, string>> = {},
  browser = httpBrowser(),
): Promise<Walk> {
  const { url, codeVerifier } = authorizationRequest(server, client, parameters);
  const way = await walkTo(server, url, browser);
  return {
    ...way,
    async redeem() {
      const at = way.at();
      const { status, json } = await tokenRequest(server, client, {
        grant_type: "authorization_code",
        code: at.searchParams.get("code") ?? "",
        redirect_uri: client.redirectUri,
        code_verifier: codeVerifier,
      });
      expect(status, `${at.href} ${JSON.stringify(json)}`).toBe(200);
      return json;
    },
  };
}

/** Begins a walk at the address to which a client sends its person. */
export async function walkTo(server: Instance, url: string, browser = httpBrowser()): Promise<Omit<Walk, "redeem">> {
  let at = locationOf(await browser.get(url), server.url);
  const way: Omit<Walk, "redeem"> = {
    browser,
    at: () => at,
    async page() {
      expect(at.origin, at.href).toBe(server.url);
      const response = await browser.get(at.href);
      const html = await response.text();
      expect(response.status, html).toBe(200);
      return { path: at.pathname, html, hidden: hiddenInputs(html) };
    },
    async send(fields, headers = {}) {
      const { path, hidden } = await way.page();
      const response = await browser.post(`${server.url}${path}`, { ...hidden, ...fields }, headers);
      if (response.status === 303) at = locationOf(response, server.url);
      return response;
    },
    follow(path) {
      at = new URL(path, server.url);
    },
    async signIn(username) {
      const response = await way.send({ username, password });
      expect(response.status, await response.clone().text()).toBe(303);
    },
  };
  return way;
}

/** Who an id token is about. */
export function subjectOf(tokens: Readonly<Record<string, unknown>>): string {
  const [, payload = ""] = String(tokens["id_token"]).split(".");
  return String((JSON.parse(Buffer.from(payload, "base64url").toString()) as { readonly sub: unknown }).sub);
}
