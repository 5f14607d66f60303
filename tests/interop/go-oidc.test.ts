import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mustRun, runProgram } from "../../tools/run-program.ts";
import { decideDevice, enterUserCode, registerDevice } from "../support/device.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { afterLogout } from "../support/logout.ts";
import { createPerson, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

// golang.org/x/oauth2 and github.com/coreos/go-oidc, in a program of their own: tests/interop/go.

const source = join(import.meta.dirname, "go");

let server: RunningServer;
let built: string;
let program: string;
let person: { readonly id: string; readonly username: string };
let goIsMissing = false;
beforeAll(async () => {
  goIsMissing = (await runProgram("go", ["version"])).code !== 0;
  if (goIsMissing) return;
  built = mkdtempSync(join(tmpdir(), "koder-id-go-interop-"));
  program = join(built, "interop");
  await mustRun("go", ["build", "-mod=readonly", "-o", program, "."], { cwd: source });
  server = await startServer();
  person = await createPerson(server);
}, 600_000);
afterAll(async () => {
  await server?.stop();
  if (built !== undefined) rmSync(built, { recursive: true, force: true });
});
beforeEach((context) => context.skip(goIsMissing, "Go is not installed (https://go.dev/doc/install)"));

/** Runs the program; `onLine` hears what it prints. Answers its lines, and fails when it does. */
async function run(env: Readonly<Record<string, string>>, onLine: (line: string) => Promise<void> = async () => {}) {
  const child = spawn(program, [], {
    env: { ISSUER: server.url, USERNAME: person.username, PASSWORD: password, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [lines, errors, heard]: [string[], string[], Promise<void>[]] = [[], [], []];
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    heard.push(onLine(line));
  });
  const [code] = (await once(child, "close")) as [number | null];
  await Promise.all(heard);
  expect(code, errors.join("\n")).toBe(0);
  return lines;
}

const learnt = () => [`subject ${person.id}`, `email ${person.username}@koder.dev`, `refreshed ${person.id}`];

test.each(["client_secret_basic", "client_secret_post"])(
  "code flow with PKCE, id token, userinfo, refresh and logout, client authentication %s",
  async (method) => {
    const client = await registerClient(server, {
      token_endpoint_auth_method: method,
      post_logout_redirect_uris: [afterLogout],
    });
    const { clientId, clientSecret, redirectUri } = client;
    const registration = { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret, REDIRECT_URI: redirectUri };
    expect(await run({ FLOW: "code", ...registration, AFTER_LOGOUT: afterLogout })).toEqual([
      ...learnt(),
      `signed out ${afterLogout}?state=the-end`,
    ]);
  },
);

test("device grant", { timeout: 60_000 }, async () => {
  const { clientId } = await registerDevice(server);
  const lines = await run({ FLOW: "device", CLIENT_ID: clientId }, async (line) => {
    const [what, userCode = ""] = line.split(" ");
    if (what !== "code") return;
    const browser = httpBrowser();
    const authorization = await enterUserCode(server, person.username, userCode, browser);
    await decideDevice(server, browser, authorization, "allow");
  });
  expect(lines.slice(1)).toEqual(learnt());
});
