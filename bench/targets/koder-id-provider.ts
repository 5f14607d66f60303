import { createHash, randomBytes } from "node:crypto";
import { connections, createByRest, send } from "../http-client.ts";
import { journey, type SignIn } from "../works/journey.ts";
import type { Provider } from "../works/provider.ts";
import type { KoderIdServer } from "./koder-id.ts";

const redirectUri = "https://app.example.com/cb";
const password = "correct horse battery staple";
/** Each worker signs in as a person of its own: attempts of one account at the same moment slow each other down. */
const personOf = (worker: number): string => `person-${worker}`;

/** Creates clients and people through the front door, and gives what the works need. */
export async function koderIdProvider({ site, apiKey }: KoderIdServer): Promise<Provider> {
  const machine = await createByRest(site, apiKey, "/v1/clients", {
    client_id: "bench-machine",
    grant_types: ["client_credentials"],
    scope: "api",
  });
  const app = await createByRest(site, apiKey, "/v1/clients", {
    client_id: "bench-app",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
  });
  for (let worker = 0; worker < connections; worker++) {
    await createByRest(site, apiKey, "/v1/users", { username: personOf(worker), password });
  }
  const codeVerifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code",
    client_id: "bench-app",
    redirect_uri: redirectUri,
    scope: "openid offline_access",
    state: "a-state-that-is-long-enough",
    nonce: "n",
    code_challenge: createHash("sha256").update(codeVerifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const authorizePath = `/oauth/v2/authorize?${query.toString()}`;
  const signIn: SignIn = {
    authorizePath,
    redirectUri,
    fill: (page, worker) => ({
      path: "/sign-in",
      form: {
        authorization: page.searchParams.get("authorization") ?? "",
        username: personOf(worker),
        password,
      },
    }),
    proxyHeaders: () => ({ "x-forwarded-for": nextAddress() }),
  };
  const { cookie } = await journey(site, signIn, 0);

  async function makeCode(): Promise<string> {
    const { headers } = await send(site, "GET", authorizePath, { cookie });
    const code = new URL(String(headers["location"]), site.origin).searchParams.get("code");
    if (code === null) throw new Error("a signed-in browser was given no code");
    return code;
  }
  return {
    site,
    tokenPath: "/oauth/v2/token",
    keysPath: "/oauth/v2/keys",
    userinfoPath: "/oidc/v1/userinfo",
    introspectionPath: "/oauth/v2/introspect",
    clientCredentials: { clientId: "bench-machine", clientSecret: machine["client_secret"] ?? "", scope: "api" },
    codeClient: { clientId: "bench-app", clientSecret: app["client_secret"] ?? "" },
    redirectUri,
    codeVerifier,
    signIn,
    makeCodes: async (count) => {
      const codes: string[] = [];
      // In small groups: the order in which they are made is the order in which they expire.
      while (codes.length < count) {
        codes.push(...(await Promise.all(Array.from({ length: Math.min(8, count - codes.length) }, makeCode))));
      }
      return codes;
    },
  };
}

let addresses = 0;
/** Documentation addresses (RFC 3849), each in a network of its own. */
function nextAddress(): string {
  addresses += 1;
  const [high, low] = [Math.floor(addresses / 65_536), addresses % 65_536];
  return `2001:db8:${high.toString(16)}:${low.toString(16)}::1`;
}
