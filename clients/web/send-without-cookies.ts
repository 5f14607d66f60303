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
    const { status, statusText, headers: answered } = response;
    const isStream = answered.get("content-type")?.startsWith("application/connect+") === true;
    const body = isStream ? asItComes(response, init) : await whole(response);
    return new Response(body, { status, statusText, headers: answered });
  } catch (error) {
    throw named(error, init);
  }
}

/** Read to its end, so that a connection that breaks in the middle is told from an answer that makes no sense. */
async function whole(response: Response): Promise<ArrayBuffer | null> {
  const body = await response.arrayBuffer();
  return body.byteLength === 0 ? null : body;
}

/** What a stream tells, as it comes. */
function asItComes({ body }: Response, init: RequestInit): ReadableStream<Uint8Array<ArrayBuffer>> | null {
  const reader = body?.getReader();
  if (reader === undefined) return null;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        throw named(error, init);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

const named = (error: unknown, { signal }: RequestInit): unknown =>
  error instanceof ConnectError || signal?.aborted === true
    ? error
    : new ConnectError("the server could not be reached", Code.Unavailable, undefined, undefined, error);
