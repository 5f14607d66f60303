import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import * as oidc from "openid-client";

/** What an application learnt of the person who signed in. */
export interface SignedIn {
  readonly tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers;
  readonly callback: URL;
  readonly codeVerifier: string;
}

/** An ordinary web application that signs people in through an OpenID Connect library. */
export interface Application {
  readonly origin: string;
  readonly callbackUrl: string;
  readonly config: oidc.Configuration;
  /** What the latest sign-in gave. Throws when there was none. */
  signedIn(): SignedIn;
  stop(): Promise<void>;
}

/** Takes a free port, so that the redirect URI is known before the client is registered. */
export async function startApplication(
  register: (
    callbackUrl: string,
  ) => Promise<{ issuer: string; clientId: string; clientSecret?: string; scope: string }>,
): Promise<Application> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  const callbackUrl = `${origin}/oauth2/koder-id/callback`;
  const client = await register(callbackUrl);
  const config = await oidc.discovery(
    new URL(client.issuer),
    client.clientId,
    client.clientSecret,
    client.clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(client.clientSecret),
    { execute: [oidc.allowInsecureRequests] },
  );
  const pending = new Map<string, { codeVerifier: string; nonce: string }>();
  let latest: SignedIn | undefined;

  server.on("request", (request, response) => {
    void answer(request.url ?? "/").then(
      ({ location, body }) => {
        response.writeHead(location === undefined ? 200 : 303, {
          "content-type": "text/html; charset=utf-8",
          ...(location === undefined ? {} : { location }),
        });
        response.end(body);
      },
      (error: unknown) => {
        response.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
        const code = error instanceof oidc.AuthorizationResponseError ? `${error.error} ` : "";
        response.end(`application error: ${code}${error instanceof Error ? error.message : String(error)}`);
      },
    );
  });

  async function answer(path: string): Promise<{ location?: string; body?: string }> {
    const url = new URL(path, origin);
    if (url.pathname === "/login") {
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      const nonce = oidc.randomNonce();
      pending.set(state, { codeVerifier, nonce });
      const location = oidc.buildAuthorizationUrl(config, {
        redirect_uri: callbackUrl,
        scope: client.scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: "S256",
        ...Object.fromEntries(url.searchParams),
      });
      return { location: location.href };
    }
    if (url.pathname === new URL(callbackUrl).pathname) {
      const state = url.searchParams.get("state") ?? "";
      const begun = pending.get(state);
      if (begun === undefined) throw new Error("the callback came with a state that is not ours");
      pending.delete(state);
      const tokens = await oidc.authorizationCodeGrant(config, url, {
        pkceCodeVerifier: begun.codeVerifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      latest = { tokens, callback: url, codeVerifier: begun.codeVerifier };
      return { body: `<!doctype html><title>application</title><p id="sub">${tokens.claims()?.sub ?? ""}</p>` };
    }
    return { body: "<!doctype html><title>application</title><a href=/login>Sign in</a>" };
  }

  return {
    origin,
    callbackUrl,
    config,
    signedIn() {
      if (latest === undefined) throw new Error("nobody has signed in to the application");
      return latest;
    },
    stop: () => stop(server),
  };
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
