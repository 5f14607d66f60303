import { send } from "../http-client.ts";
import type { Provider } from "./provider.ts";

/** Opens the sign-in page anew and posts a name with a wrong password there; answers how long the post took, in milliseconds. */
export async function wrongPassword(provider: Provider, username: string): Promise<number> {
  const { authorizePath, fill, proxyHeaders } = provider.signIn;
  const { site } = provider;
  const proxied = proxyHeaders?.() ?? {};
  const begun = await send(site, "GET", authorizePath, proxied);
  const cookie = [begun.headers["set-cookie"] ?? []]
    .flat()
    .map((one) => one.split(";")[0])
    .join("; ");
  const page = new URL(String(begun.headers["location"]), site.origin);
  const { path, form } = fill(page, 0, "");
  const body = new URLSearchParams({ ...form, username, password: "this is not the password" }).toString();
  const headers = { ...proxied, cookie, "content-type": "application/x-www-form-urlencoded" };
  const sent = performance.now();
  const answer = await send(site, "POST", path, headers, body);
  const took = performance.now() - sent;
  if (answer.status !== 401) {
    throw new Error(`a wrong password was answered ${answer.status}: ${answer.body}`);
  }
  return took;
}
