import { Code, ConnectError } from "@connectrpc/connect";
import { underDeadline, until } from "../core/deadline.ts";
import { readOrigin } from "../core/origin.ts";
import { defaultRetries, repeat, type RetryPolicy } from "../core/retry-policy.ts";
import type { TokenSource } from "../core/token-source.ts";
import { readToken, refusal, type TokenAnswer } from "./token-answer.ts";

/** As which client to sign in, and where. */
export interface ClientCredentials {
  /** Of the server, as for `createKoderId`. */
  readonly origin: string;
  /** Of a confidential client with the grant type client_credentials. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** Asked for, separated by spaces; by default all that the client may have. */
  readonly scope?: string | undefined;
  /** Sends the secret in the form, for a client registered with client_secret_post. Default: HTTP Basic. */
  readonly secretInBody?: boolean | undefined;
  /** Allows http to another machine, as the option of `createKoderId`. */
  readonly plaintext?: boolean | undefined;
}

/** What the source needs of its surroundings. */
export interface ClientCredentialsDependencies {
  readonly fetch: typeof fetch;
  /** Milliseconds since some moment. */
  readonly clock: () => number;
  readonly retries: RetryPolicy;
}

/** How long a token may take, whoever waits for it, in milliseconds. */
const fetchTimeout = 10_000;

/**
 * A token source that signs in as a client (RFC 6749 §4.4). It keeps the token until a minute (or a fifth of its life) before it
 * expires, and asks for a new one once, however many calls wait for it. A refusal of the endpoint is a `TokenError`. Throws when
 * a field cannot be right.
 */
export function clientCredentials(credentials: ClientCredentials): Required<TokenSource> {
  return createClientCredentials(credentials, {
    fetch: (...request) => fetch(...request),
    clock: () => performance.now(),
    retries: defaultRetries,
  });
}

/** The same with what it needs given. */
export function createClientCredentials(
  credentials: ClientCredentials,
  dependencies: ClientCredentialsDependencies,
): Required<TokenSource> {
  const endpoint = tokenEndpoint(credentials);
  const { clock, retries } = dependencies;
  let held: { readonly token: string; readonly renewAt: number } | undefined;
  let pending: Promise<string> | undefined;

  async function renew(): Promise<string> {
    let asked = clock();
    // The others wait for it, too: it has a deadline of its own, and does not end with the call that was the first.
    const { token, lifetimeMs } = await underDeadline({ timeoutMs: fetchTimeout, signal: undefined }, (deadline) =>
      repeat(retries, deadline, () => {
        asked = clock();
        return askOnce(endpoint, credentials, dependencies.fetch, deadline.signal);
      }),
    );
    // A token sent at the end of its life would expire on the way, or on a server whose clock is ahead.
    held = { token, renewAt: asked + lifetimeMs - Math.min(lifetimeMs / 5, 60_000) };
    return token;
  }

  return {
    token(signal) {
      if (held !== undefined && clock() < held.renewAt) return held.token;
      pending ??= renew().finally(() => {
        pending = undefined;
      });
      return until(signal, pending);
    },
    forget(token) {
      if (held?.token === token) held = undefined;
    },
  };
}

function tokenEndpoint({ origin, clientId, clientSecret, plaintext }: ClientCredentials): string {
  const faults: string[] = [];
  const parsed = readOrigin(origin, plaintext, faults);
  if (clientId === "") faults.push("clientId: must not be empty");
  if (clientSecret === "") faults.push("clientSecret: must not be empty");
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return `${parsed}/oauth/v2/token`;
}

/** Asks once. */
async function askOnce(
  endpoint: string,
  { clientId, clientSecret, scope = "", secretInBody = false }: ClientCredentials,
  send: typeof fetch,
  signal: AbortSignal,
): Promise<TokenAnswer> {
  const form = new URLSearchParams({ grant_type: "client_credentials" });
  if (scope !== "") form.set("scope", scope);
  const headers = new Headers({ accept: "application/json" });
  if (secretInBody) {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret);
  } else {
    const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
    headers.set("authorization", `Basic ${Buffer.from(pair).toString("base64")}`);
  }
  let answer: { readonly response: Response; readonly body: string };
  try {
    // A followed redirect would carry the secret to wherever it points.
    const response = await send(endpoint, { method: "POST", headers, body: form, redirect: "manual", signal });
    answer = { response, body: await response.text() };
  } catch (error) {
    if (signal.aborted) throw ConnectError.from(signal.reason);
    throw new ConnectError("the token endpoint could not be reached", Code.Unavailable, undefined, undefined, error);
  }
  const { response, body } = answer;
  if (response.status !== 200) throw refusal(response.status, response.headers, body);
  return readToken(body);
}

/** Form-encoded before they are joined (RFC 6749 §2.3.1). */
const formEncoded = (text: string): string => new URLSearchParams({ _: text }).toString().slice("_=".length);
