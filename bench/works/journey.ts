import { send, sendForm, type Site } from "../http-client.ts";

/** How a person signs in at a provider. */
export interface SignIn {
  /** Where the application sends the browser, with its request. */
  readonly authorizePath: string;
  readonly redirectUri: string;
  /** What the person of a worker posts from the sign-in page, which is this HTML, and to where. */
  readonly fill: (
    page: URL,
    worker: number,
    html: string,
  ) => { readonly path: string; readonly form: Readonly<Record<string, string>> };
  /** Headers that a proxy puts in. */
  readonly proxyHeaders?: () => Readonly<Record<string, string>>;
}

/** A browser that has never been here goes from the application's request through the sign-in page back to it with a code. */
export async function journey(
  site: Site,
  { authorizePath, redirectUri, fill, proxyHeaders }: SignIn,
  worker: number,
): Promise<{ readonly code: string; readonly cookie: string }> {
  const cookies = new Map<string, string>();
  const cookie = () => Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ");
  const proxied = proxyHeaders?.() ?? {};
  let at = new URL(authorizePath, site.origin);
  // A provider may send the browser around by as many redirects as it likes, within reason.
  for (let step = 0; step < 8; step++) {
    const headers = { ...proxied, ...(cookies.size === 0 ? {} : { cookie: cookie() }) };
    let answer = await send(site, "GET", at.pathname + at.search, headers);
    keep(cookies, answer.headers["set-cookie"]);
    if (answer.status === 200) {
      const { path, form } = fill(at, worker, answer.body);
      answer = await sendForm(site, path, form, { ...proxied, cookie: cookie() });
      keep(cookies, answer.headers["set-cookie"]);
    }
    const location = answer.headers["location"];
    if (typeof location !== "string") throw new Error(`${at.pathname} answered ${answer.status}: ${answer.body}`);
    at = new URL(location, at);
    if (location.startsWith(redirectUri)) {
      const code = at.searchParams.get("code");
      if (code === null) throw new Error(`the application was sent no code: ${location}`);
      return { code, cookie: cookie() };
    }
  }
  throw new Error("the sign-in did not come to an end");
}

function keep(cookies: Map<string, string>, set: string | string[] | undefined): void {
  for (const one of [set ?? []].flat()) {
    const [pair = ""] = one.split(";");
    const value = pair.slice(pair.indexOf("=") + 1);
    if (value === "") cookies.delete(pair.slice(0, pair.indexOf("=")));
    else cookies.set(pair.slice(0, pair.indexOf("=")), value);
  }
}
