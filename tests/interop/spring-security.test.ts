import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { mustRun, runProgram } from "../../tools/run-program.ts";
import { httpBrowser } from "../support/http-browser.ts";
import { createPerson, registerClient, rest, userinfoStatus, type RelyingParty } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { builtOnce } from "../support/built-once.ts";
import { changed } from "./changed-token.ts";
import { open, follow, signInOn } from "./led-browser.ts";

// Spring Security's OAuth 2 client and resource server, in an application of Spring Boot: tests/interop/java. It knows the issuer, an
// id and a secret. The test is the browser, and whoever calls the application's API.

const source = join(import.meta.dirname, "java");

let server: RunningServer;
let application: ChildProcess;
let origin: string;
let client: RelyingParty;
let person: { readonly id: string; readonly username: string };
let javaIsMissing = false;
beforeAll(async () => {
  const [compiler, maven] = [await runProgram("javac", ["-version"]), await runProgram("mvn", ["-version"])];
  javaIsMissing = compiler.code !== 0 || maven.code !== 0;
  if (javaIsMissing) return;
  const built = await build(compiler.output);
  server = await startServer();
  person = await createPerson(server);
  client = await registerClient(server, {
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
  });
  origin = await start(built);
  await allowAddresses();
}, 600_000);
afterAll(async () => {
  if (application !== undefined && application.exitCode === null && application.signalCode === null) {
    application.kill();
    await once(application, "close");
  }
  await server?.stop();
});
beforeEach((context) =>
  context.skip(javaIsMissing, "Java 17 and Maven are not installed (https://maven.apache.org/install.html)"),
);

/** Maven fetches what the application is made with; the one file of its own needs no more than the compiler. */
const build = (compiler: string): Promise<string> =>
  builtOnce("spring-security", { source, files: ["pom.xml", "Application.java"], compiler }, async (folder) => {
    const libraries = join(folder, "lib");
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${libraries}`];
    await mustRun("mvn", ["-q", "-B", ...goal], { cwd: source });
    const classes = ["-encoding", "UTF-8", "-parameters", "-d", join(folder, "classes"), "-cp", join(libraries, "*")];
    await mustRun("javac", [...classes, "Application.java"], { cwd: source });
  });

/** Starts it on a free port, with the properties that lie beside its source, and answers its origin. */
async function start(folder: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const quick = ["-XX:TieredStopAtLevel=1", "-Xshare:auto"];
  const classPath = [source, join(folder, "classes"), join(folder, "lib/*")].join(":");
  application = spawn("java", [...quick, "-cp", classPath, "com.koder.id.interop.Application"], {
    env: {
      PATH: process.env["PATH"],
      ISSUER: server.url,
      CLIENT_ID: client.clientId,
      CLIENT_SECRET: client.clientSecret,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [application.stdout, application.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      output.push(line);
      const port = /Tomcat started on port (\d+)/.exec(line)?.[1];
      if (port !== undefined) resolve(`http://localhost:${port}`);
    });
  }
  application.once("error", reject);
  application.once("close", (code) => reject(new Error(`it ended with ${code}\n${output.join("\n")}`)));
  return promise;
}

/** Names the application's addresses to the server, now that its port is known. */
async function allowAddresses(): Promise<void> {
  const { status, json } = await rest(server, "PATCH", `/v1/clients/${client.clientId}`, {
    redirect_uris: [`${origin}/login/oauth2/code/koder`],
    post_logout_redirect_uris: [`${origin}/signed-out`],
  });
  expect(status, JSON.stringify(json)).toBe(200);
}

/** What the application answers without leading anywhere. */
async function answered(page: Response): Promise<Record<string, unknown>> {
  const text = await page.text();
  expect(page.status, text).toBe(200);
  return JSON.parse(text) as Record<string, unknown>;
}

/** A call of the application's API; answers status, what it says of the token, and the claims. */
async function callApi(token: string) {
  const response = await fetch(`${origin}/api`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    claims: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

const refused = { status: 401, challenge: expect.stringContaining('error="invalid_token"'), claims: {} };

test("code flow with PKCE, userinfo, refresh and logout", async () => {
  const browser = httpBrowser();
  const asked = await open(browser, `${origin}/me`);
  const request = asked.way.find(({ pathname }) => pathname === "/oauth/v2/authorize");
  expect(Object.fromEntries(request?.searchParams ?? [])).toMatchObject({
    client_id: client.clientId,
    nonce: expect.any(String),
    code_challenge_method: "S256",
  });
  const signedIn = await signInOn(asked, browser, person.username);
  expect(signedIn.way.at(-1)?.pathname).toBe("/me");
  const known = {
    iss: server.url,
    sub: person.id,
    // Of userinfo, since an id token says nothing of these.
    name: "A Person",
    preferred_username: person.username,
    email: `${person.username}@koder.dev`,
  };
  const me = await answered(signedIn.page);
  expect(me).toMatchObject(known);

  const refresh = async () => answered(await browser.get(`${origin}/refresh`));
  const [first, second] = [await refresh(), await refresh()];
  expect(second["access_token"]).not.toBe(first["access_token"]);
  expect(second["refresh_token"]).not.toBe(first["refresh_token"]);
  expect(await userinfoStatus(server, String(second["access_token"]))).toBe(200);
  // Spring reads the id token of each refresh, and would sign the person out if it were of somebody else.
  const { at_hash: hash, ...afterwards } = await answered(await browser.get(`${origin}/me`));
  expect(afterwards).toMatchObject(known);
  expect(hash).not.toBe(me["at_hash"]);

  const question = await (await browser.get(`${origin}/logout`)).text();
  const csrf = /name="_csrf"[^>]* value="([^"]+)"/.exec(question)?.[1] ?? "";
  const signedOut = await follow(browser, `${origin}/logout`, browser.post(`${origin}/logout`, { _csrf: csrf }));
  expect(signedOut.way.map((url) => url.origin + url.pathname)).toEqual([
    `${origin}/logout`,
    `${server.url}/oidc/v1/end_session`,
    `${origin}/signed-out`,
  ]);
  expect((await open(browser, `${origin}/me`)).way.at(-1)?.pathname).toBe("/sign-in");

  expect(await callApi(String(second["access_token"]))).toMatchObject({ status: 200, claims: { sub: person.id } });
  const idToken = signedOut.way[1]?.searchParams.get("id_token_hint") ?? "";
  expect(await callApi(idToken), "an id token opens no API").toEqual(refused);
});

test("client credentials, and an API that takes the token as it is and no other", async () => {
  const { access_token: token } = await answered(await httpBrowser().get(`${origin}/machine`));
  expect(await callApi(String(token))).toMatchObject({
    status: 200,
    claims: { sub: client.clientId, aud: [server.url] },
  });
  expect(await callApi(changed(String(token)))).toEqual(refused);
});
