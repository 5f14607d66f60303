import type { Answer } from "../http-client.ts";
import { connections, send, sendForm } from "../http-client.ts";
import type { Case } from "../measure.ts";
import { journey } from "./journey.ts";
import type { Provider } from "./provider.ts";

/** The works that every provider is measured by. */
export type WorkName =
  | "client_credentials"
  | "refresh"
  | "code → tokens"
  | "introspection"
  | "userinfo"
  | "sign-in journey"
  | "discovery"
  | "JWKS";

/** The works of a provider, each checking what it is answered. */
export function tokenCases(provider: Provider): Readonly<Record<WorkName, Case>> {
  const { site, tokenPath, clientCredentials, codeClient, redirectUri, codeVerifier, makeCodes } = provider;
  let codes: string[] = [];
  const refreshTokens: string[] = [];
  let userinfoToken = "";

  async function redeem(): Promise<Record<string, string>> {
    const code = codes.pop();
    if (code === undefined) throw new Error("there are no codes left");
    const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: codeVerifier };
    return tokens(await sendForm(site, tokenPath, form, basic(codeClient)), ["access_token", "id_token"]);
  }

  /** An access token of a person, which is not used up: the same for every request. */
  async function makeUserinfoToken(): Promise<void> {
    if (userinfoToken !== "") return;
    if (provider.makeUserinfoToken !== undefined) userinfoToken = await provider.makeUserinfoToken();
    else {
      codes = await makeCodes(1);
      userinfoToken = (await redeem())["access_token"] ?? "";
    }
  }

  return {
    client_credentials: {
      async request() {
        const { scope } = clientCredentials;
        const form = { grant_type: "client_credentials", ...(scope === "" ? {} : { scope }) };
        tokens(await sendForm(site, tokenPath, form, basic(clientCredentials)), ["access_token"]);
      },
    },
    refresh: {
      async prepare() {
        if (refreshTokens.length > 0) return;
        codes = await makeCodes(connections);
        for (let worker = 0; worker < connections; worker++) {
          refreshTokens.push((await redeem())["refresh_token"] ?? "");
        }
      },
      async request(worker) {
        const before = refreshTokens[worker] ?? "";
        const form = { grant_type: "refresh_token", refresh_token: before };
        const answer = tokens(await sendForm(site, tokenPath, form, basic(codeClient)), ["access_token", "id_token"]);
        const after = answer["refresh_token"] ?? "";
        if (after === "" || after === before) throw new Error("the refresh token was not rotated");
        refreshTokens[worker] = after;
      },
    },
    "code → tokens": {
      async prepare(count) {
        codes = await makeCodes(count);
      },
      async request() {
        await redeem();
      },
    },
    introspection: {
      prepare: makeUserinfoToken,
      async request() {
        const answer = await sendForm(site, provider.introspectionPath, { token: userinfoToken }, basic(codeClient));
        expectJson(answer, "active");
        if (!answer.body.includes(":true")) throw new Error(`the token is not active: ${answer.body}`);
      },
    },
    userinfo: {
      prepare: makeUserinfoToken,
      async request() {
        const authorization = `Bearer ${userinfoToken}`;
        expectJson(await send(site, "GET", provider.userinfoPath, { authorization }), "sub");
      },
    },
    "sign-in journey": { request: async (worker) => void (await journey(site, provider.signIn, worker)) },
    discovery: {
      request: async () => expectJson(await send(site, "GET", "/.well-known/openid-configuration"), "issuer"),
    },
    JWKS: { request: async () => expectJson(await send(site, "GET", provider.keysPath), "keys") },
  };
}

const basic = ({ clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string }) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`,
});

/** The answer of a token endpoint; each of `jwts` must be there and be signed: that is what its limit counts. */
function tokens({ status, body }: Answer, jwts: readonly string[]): Record<string, string> {
  const parsed = JSON.parse(body) as Record<string, string>;
  const lacks = jwts.find((member) => parsed[member]?.split(".").length !== 3);
  if (status !== 200 || lacks !== undefined) {
    throw new Error(`a token request was answered ${status}, ${lacks ?? "nothing"} lacking as a JWT: ${body}`);
  }
  return parsed;
}

function expectJson({ status, body }: Answer, member: string): void {
  if (status !== 200 || !body.includes(`"${member}"`)) throw new Error(`answered ${status}: ${body}`);
}
