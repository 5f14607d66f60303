import { Code, ConnectError } from "@connectrpc/connect";

/**
 * The browser's fetch as the client uses it: the credential of the token source and no other, no redirect, and UNAVAILABLE where
 * no answer came. Refuses to send an API key: what a page knows, everybody knows who can open it.
 */
export async function sendWithoutCookies(url: Parameters<typeof fetch>[0], init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (/^bearer +kak_/i.test(headers.get("authorization") ?? "")) {
    throw new ConnectError("an API key does not belong in a browser; use an access token", Code.FailedPrecondition);
  }
  try {
    const response = await fetch(url, { ...init, credentials: "omit", redirect: "manual", cache: "no-store" });
    if (response.type === "opaqueredirect") {
      throw new ConnectError("the server answered with a redirect, which is not followed", Code.Unknown);
    }
    // Read to its end, so that a connection that breaks in the middle is told from an answer that makes no sense.
    const body = await response.arrayBuffer();
    const { status, statusText } = response;
    return new Response(body.byteLength === 0 ? null : body, { status, statusText, headers: response.headers });
  } catch (error) {
    if (error instanceof ConnectError || init.signal?.aborted === true) throw error;
    throw new ConnectError("the server could not be reached", Code.Unavailable, undefined, undefined, error);
  }
}
