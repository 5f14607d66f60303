import type { Answer } from "../http-client.ts";
import { connections, send, sendForm } from "../http-client.ts";
import type { Case } from "../measure.ts";

/** What the token cases need to know of a provider. */
export interface Provider {
  readonly url: string;
  readonly tokenPath: string;
  readonly keysPath: string;
  readonly clientCredentials: { readonly clientId: string; readonly clientSecret: string; readonly scope: string };
  readonly codeClient: { readonly clientId: string; readonly clientSecret: string };
  readonly redirectUri: string;
  readonly codeVerifier: string;
  /** New codes, for the verifier above. */
  readonly makeCodes: (count: number) => Promise<string[]>;
}

/** The cases that every provider is measured by. */
export type CaseName = "client_credentials" | "refresh" | "code → tokens" | "discovery" | "JWKS";

/** The cases of a provider, each checking what it is answered. */
export function tokenCases(provider: Provider): Readonly<Record<CaseName, Case>> {
  const { url, tokenPath, keysPath, clientCredentials, codeClient, redirectUri, codeVerifier, makeCodes } = provider;
  let codes: string[] = [];
  const refreshTokens: string[] = [];

  async function redeem(): Promise<Record<string, string>> {
    const code = codes.pop();
    if (code === undefined) throw new Error("there are no codes left");
    const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: codeVerifier };
    return tokens(await sendForm(url, tokenPath, form, basic(codeClient)), ["access_token", "id_token"]);
  }

  return {
    client_credentials: {
      async request() {
        const { scope } = clientCredentials;
        const form = { grant_type: "client_credentials", ...(scope === "" ? {} : { scope }) };
        tokens(await sendForm(url, tokenPath, form, basic(clientCredentials)), ["access_token"]);
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
        const answer = tokens(await sendForm(url, tokenPath, form, basic(codeClient)), ["access_token", "id_token"]);
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
    discovery: {
      request: async () => expectJson(await send(url, "GET", "/.well-known/openid-configuration"), "issuer"),
    },
    JWKS: { request: async () => expectJson(await send(url, "GET", keysPath), "keys") },
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
