import { randomBytes } from "node:crypto";
import { send } from "../http-client.ts";
import type { ServerProcess } from "../server-process.ts";
import type { Provider } from "./token-cases.ts";

const client = { clientId: "bench", clientSecret: "a-secret-that-is-long-enough-for-a-benchmark" };

/** What the token cases need to know of the peer. */
export function oidcProvider({ ready }: ServerProcess): Provider {
  const [url, control] = [String(ready["url"]), String(ready["control"])];
  const codeVerifier = randomBytes(32).toString("base64url");
  return {
    url,
    tokenPath: "/token",
    keysPath: "/jwks",
    clientCredentials: { ...client, scope: "api" },
    codeClient: client,
    redirectUri: "https://app.example.com/cb",
    codeVerifier,
    makeCodes: async (count) =>
      JSON.parse((await send(control, "GET", `/?count=${count}&code_verifier=${codeVerifier}`)).body) as string[],
  };
}
