/** A browser without a screen: keeps cookies, sends forms, follows nothing by itself. */
export interface HttpBrowser {
  readonly cookies: Map<string, string>;
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
  post(
    url: string,
    form: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Response>;
}

/** A new one, with no cookies. */
export function httpBrowser(): HttpBrowser {
  const cookies = new Map<string, string>();
  async function send(
    url: string,
    init: {
      readonly headers: Readonly<Record<string, string>>;
      readonly method?: string;
      readonly body?: URLSearchParams;
    },
  ): Promise<Response> {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, {
      ...init,
      redirect: "manual",
      headers: { ...init.headers, ...(cookie === "" ? {} : { cookie }) },
    });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ""] = set.split(";");
      const at = pair.indexOf("=");
      cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
  return {
    cookies,
    get: (url, headers = {}) => send(url, { headers }),
    post: (url, form, headers = {}) => send(url, { method: "POST", body: new URLSearchParams(form), headers }),
  };
}
