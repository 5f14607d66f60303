import { createHash, generateKeyPairSync } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import type { AddressInfo } from "node:net";
import { Provider, type Configuration } from "oidc-provider";
import { MapAdapter } from "./map-adapter.ts";
import { SqliteAdapter } from "./sqlite-adapter.ts";

// The peer: oidc-provider as its documentation sets it up, RSA 2048, JWT access tokens through resource indicators, rotating
// refresh tokens. BENCH_ADAPTER=sqlite makes it durable. Codes and tokens that a work needs beforehand are made by its own
// models on a second port, unmeasured. Its sign-in page is ours, as small as a page can be; whatever the password, it is right.

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
    introspection: { enabled: true },
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
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({
      accountId: oidc.session?.accountId ?? "",
      clientId: oidc.client?.clientId ?? "",
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
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
  server.on("request", (request, response) => {
    if (request.url?.startsWith("/interaction/") === true) void signIn(request, response);
    else void answer(request, response);
  });

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") {
      const { uid, params } = await provider.interactionDetails(request, response);
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(
        `<form method="post" action="/interaction/${uid}">${String(params["client_id"])}<input name="login"></form>`,
      );
      return;
    }
    const login = new URLSearchParams(await text(request)).get("login") ?? "";
    await provider.interactionFinished(request, response, { login: { accountId: login } });
  }

  async function makeUserinfoToken(): Promise<string> {
    const client = await provider.Client.find("bench");
    if (client === undefined) throw new Error("the client is gone");
    const grant = new provider.Grant({ accountId: "person", clientId: "bench" });
    grant.addOIDCScope("openid");
    const grantId = await grant.save();
    const scope = "openid";
    return new provider.AccessToken({ accountId: "person", client, grantId, scope, gty: "authorization_code" }).save();
  }

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
    const { pathname, searchParams } = new URL(request.url ?? "/", url);
    const count = Number(searchParams.get("count"));
    const codeVerifier = searchParams.get("code_verifier") ?? "";
    void (async () => {
      if (pathname === "/userinfo-token") return response.end(await makeUserinfoToken());
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
