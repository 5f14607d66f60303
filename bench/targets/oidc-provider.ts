import { createHash, randomBytes } from "node:crypto";
import { send, siteOf } from "../http-client.ts";
import type { ServerProcess } from "../server-process.ts";
import type { Provider } from "../works/provider.ts";

const client = { clientId: "bench", clientSecret: "a-secret-that-is-long-enough-for-a-benchmark" };
const redirectUri = "https://app.example.com/cb";

/** What the works need to know of the peer. */
export function oidcProvider({ ready }: ServerProcess): Provider {
  const [site, control] = [siteOf(String(ready["url"])), siteOf(String(ready["control"]))];
  const codeVerifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: redirectUri,
    scope: "openid",
    state: "a-state-that-is-long-enough",
    nonce: "n",
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  return {
    site,
    tokenPath: "/token",
    keysPath: "/jwks",
    userinfoPath: "/me",
    introspectionPath: "/token/introspection",
    clientCredentials: { ...client, scope: "api" },
    codeClient: client,
    redirectUri,
    codeVerifier,
    signIn: {
      authorizePath: `/auth?${query.toString()}`,
      redirectUri,
      fill: (page, worker) => ({ path: page.pathname, form: { login: `person-${worker}`, password: "any" } }),
    },
    makeCodes: async (count) =>
      JSON.parse((await send(control, "GET", `/codes?count=${count}&code_verifier=${codeVerifier}`)).body) as string[],
    makeUserinfoToken: async () => (await send(control, "GET", "/userinfo-token")).body,
  };
}
