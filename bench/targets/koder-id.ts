import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { send, sendForm } from "../http-client.ts";
import { startCommand } from "../../tests/support/start-command.ts";
import { startNode, type ServerProcess } from "../server-process.ts";
import type { Provider } from "./token-cases.ts";

const redirectUri = "https://app.example.com/cb";
const password = "correct horse battery staple";

/**
 * Our server as a user starts it, with an empty data folder on the embedded store. `compiled` false: as at the first start
 * after an installation, when nothing is compiled yet.
 */
export async function startKoderId({
  nodeOptions = [],
  compiled = true,
}: { readonly nodeOptions?: readonly string[]; readonly compiled?: boolean } = {}): Promise<
  ServerProcess & { readonly dataDir: string }
> {
  const dataDir = mkdtempSync(join(tmpdir(), "koder-id-bench-"));
  const settings = {
    KODER_ID_LISTEN: "127.0.0.1:0",
    KODER_ID_SERVICE_BASE_PORT: "0",
    KODER_ID_DATA: dataDir,
    ...(compiled ? {} : { NODE_COMPILE_CACHE: join(dataDir, "compile-cache") }),
  };
  const command = startCommand();
  const removeData = () => rmSync(dataDir, { recursive: true, force: true });
  process.once("exit", removeData);
  const server = await startNode([...nodeOptions, ...command.args], { ...command.env, ...settings });
  return {
    ...server,
    dataDir,
    async stop() {
      await server.stop();
      process.off("exit", removeData);
      removeData();
    },
  };
}

/** Creates clients and a person through the front door, signs them in, and gives what the token cases need. */
export async function koderIdProvider({
  ready,
  dataDir,
}: {
  ready: ServerProcess["ready"];
  dataDir: string;
}): Promise<Provider> {
  const url = String(ready["url"]);
  const key = readFileSync(join(dataDir, "admin-api-key"), "utf8").trim();
  async function create(path: string, body: object): Promise<Record<string, string>> {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await send(url, "POST", path, headers, JSON.stringify(body));
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.body}`);
    return JSON.parse(answer.body) as Record<string, string>;
  }
  const machine = await create("/v1/clients", {
    client_id: "bench-machine",
    grant_types: ["client_credentials"],
    scope: "api",
  });
  const app = await create("/v1/clients", {
    client_id: "bench-app",
    redirect_uris: [redirectUri],
    grant_types: ["authorization_code", "refresh_token"],
  });
  await create("/v1/users", { username: "person", password });

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
  const authorize = `/oauth/v2/authorize?${query.toString()}`;
  const cookies = new Map<string, string>();
  const cookie = () => ({ cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ") });
  const keep = (set: string | string[] | undefined): void => {
    for (const one of [set ?? []].flat()) {
      const [pair = ""] = one.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
  };
  const first = await send(url, "GET", authorize);
  keep(first.headers["set-cookie"]);
  const authorization = new URL(String(first.headers["location"]), url).searchParams.get("authorization") ?? "";
  const signedIn = await sendForm(url, "/sign-in", { authorization, username: "person", password }, cookie());
  keep(signedIn.headers["set-cookie"]);

  async function makeCode(): Promise<string> {
    const { headers } = await send(url, "GET", authorize, cookie());
    const code = new URL(String(headers["location"])).searchParams.get("code");
    if (code === null) throw new Error("a signed-in browser was given no code");
    return code;
  }
  return {
    url,
    tokenPath: "/oauth/v2/token",
    keysPath: "/oauth/v2/keys",
    clientCredentials: { clientId: "bench-machine", clientSecret: machine["client_secret"] ?? "", scope: "api" },
    codeClient: { clientId: "bench-app", clientSecret: app["client_secret"] ?? "" },
    redirectUri,
    codeVerifier,
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
