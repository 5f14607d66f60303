import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { afterLogout } from "../support/logout.ts";
import { pythonIsMissing, pythonWith } from "../support/python.ts";
import { createPerson, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// Authlib on requests, in a program of its own: tests/interop/python.

const source = join(import.meta.dirname, "python");

let server: RunningServer;
let python: string | undefined;
let person: { readonly id: string; readonly username: string };
beforeAll(async () => {
  python = await pythonWith(join(source, "requirements.txt"));
  if (python === undefined) return;
  server = await startServer();
  person = await createPerson(server);
}, 600_000);
afterAll(() => server?.stop());
beforeEach((context) => context.skip(python === undefined, pythonIsMissing));

/** Runs the program, and answers its lines; fails when it does. */
async function run(env: Readonly<Record<string, string>>): Promise<string[]> {
  const child = spawn(python ?? "", ["-I", join(source, "main.py")], {
    env: {
      ISSUER: server.url,
      USERNAME: person.username,
      PASSWORD: password,
      // The library wants HTTPS in what it discovers, even on the loopback interface.
      AUTHLIB_INSECURE_TRANSPORT: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [lines, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  expect(code, errors).toBe(0);
  return lines.trimEnd().split("\n");
}

/** A registered client: how it authenticates, and what the program needs to know of it. */
async function registered(method: string) {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { kty, n, e } = keys.publicKey.export({ format: "jwk" });
  const hasKey = method === "private_key_jwt";
  const { clientId, clientSecret, redirectUri } = await registerClient(server, {
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    token_endpoint_auth_method: method,
    post_logout_redirect_uris: [afterLogout],
    ...(hasKey ? { jwks: { keys: [{ kty, n, e }] } } : {}),
  });
  return {
    AUTH_METHOD: method,
    CLIENT_ID: clientId,
    CLIENT_SECRET: hasKey ? keys.privateKey.export({ type: "pkcs8", format: "pem" }) : clientSecret,
    REDIRECT_URI: redirectUri,
  };
}

const methods = ["client_secret_basic", "client_secret_post", "private_key_jwt"];

test.each(methods)(
  "code flow with PKCE, id token, userinfo, refresh, introspection, revocation and logout, client authentication %s",
  async (method) => {
    expect(await run({ FLOW: "code", ...(await registered(method)), AFTER_LOGOUT: afterLogout })).toEqual([
      `subject ${person.id}`,
      `email ${person.username}@koder.dev`,
      `refreshed ${person.id}`,
      `introspected ${person.id}`,
      "revoked invalid_grant",
      `signed out ${afterLogout}?state=the-end`,
    ]);
  },
);

test.each(methods)("client credentials, client authentication %s", async (method) => {
  const client = await registered(method);
  expect(await run({ FLOW: "client_credentials", ...client })).toEqual([`client ${client.CLIENT_ID}`]);
});
