import { createHash, generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider, type Configuration } from "oidc-provider";
import { MapAdapter } from "./map-adapter.ts";
import { SqliteAdapter } from "./sqlite-adapter.ts";

// The peer: oidc-provider as its documentation sets it up, RSA 2048, JWT access tokens through resource indicators, rotating
// refresh tokens. BENCH_ADAPTER=sqlite makes it durable. Codes are made by its own models on a second port, unmeasured,
// because its interactions want a page of ours.

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const resource = "https://api.example.com";
const redirectUri = "https://app.example.com/cb";

const configuration: Configuration = {
  clients: [
    {
      client_id: "bench",
      client_secret: "a-secret-that-is-long-enough-for-a-benchmark",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), use: "sig", alg: "RS256" }] },
  scopes: ["openid", "offline_access", "api"],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: "api",
        audience: resource,
        accessTokenFormat: "jwt",
        accessTokenTTL: 900,
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  rotateRefreshToken: true,
  pkce: { required: () => true },
  ttl: {
    Grant: 2_592_000,
    RefreshToken: 2_592_000,
    AuthorizationCode: 60,
    IdToken: 900,
    Session: 43_200,
    Interaction: 600,
  },
  adapter: process.env["BENCH_ADAPTER"] === "sqlite" ? SqliteAdapter : MapAdapter,
};

const server = createServer();
server.keepAliveTimeout = 65_000; // longer than any pause between rounds
server.listen(0, "127.0.0.1", () => {
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, configuration);
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));

  async function makeCode(codeVerifier: string): Promise<string> {
    const client = await provider.Client.find("bench");
    if (client === undefined) throw new Error("the client is gone");
    const scope = "openid offline_access";
    const grant = new provider.Grant({ accountId: "person", clientId: "bench" });
    grant.addOIDCScope(scope);
    grant.addResourceScope(resource, "api");
    const grantId = await grant.save();
    const code = new provider.AuthorizationCode({
      accountId: "person",
      client,
      grantId,
      redirectUri,
      scope: `${scope} api`,
      authTime: Math.floor(Date.now() / 1000),
      codeChallenge: createHash("sha256").update(codeVerifier).digest("base64url"),
      codeChallengeMethod: "S256",
      nonce: "n",
      gty: "authorization_code",
      resource,
      sessionUid: "session",
    });
    return code.save();
  }
  const control = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "/", url);
    const count = Number(searchParams.get("count"));
    const codeVerifier = searchParams.get("code_verifier") ?? "";
    void (async () => {
      const codes: string[] = [];
      for (let i = 0; i < count; i++) codes.push(await makeCode(codeVerifier));
      response.end(JSON.stringify(codes));
    })();
  });
  control.listen(0, "127.0.0.1", () => {
    const { port } = control.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ msg: "ready", url, control: `http://127.0.0.1:${port}` })}\n`);
  });
});
process.on("SIGTERM", () => process.exit(0));
