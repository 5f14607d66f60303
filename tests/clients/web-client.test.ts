import { once } from "node:events";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { clientCredentials } from "../../clients/typescript/index.ts";
import { launchBrowser } from "../support/browser.ts";
import { password, registerClient, tokensFor } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { expectFirstSteps, listedUsers } from "./expect-first-steps.ts";
import { loseFirstAnswer } from "./lose-first-answer.ts";
import { body, startPageServer, type PageServer } from "./page-server.ts";
import { projectWith, typeFaults, type Project } from "./unpack-client.ts";

// The web client as its users meet it: the package as it is published, bundled, in a real browser, against the server.

/** What the bundle of the whole package is called in the page. */
declare const koder: typeof import("../../clients/web/index.ts");

let server: RunningServer;
let browser: Browser;
let project: Project;
let example: Uint8Array;
let everything: Uint8Array;
/** An access token of the owner, as a console has it. */
let ownerToken: string;
let serviceToken: () => Promise<string>;

beforeAll(async () => {
  [server, browser, project] = await Promise.all([
    startServer({ env: { KODER_ID_ADMIN_PASSWORD: password } }),
    launchBrowser(),
    projectWith("web"),
  ]);
  const [exampleFile, wholeFile] = [join(project.folder, "examples/first-steps.ts"), join(project.folder, "whole.ts")];
  writeFileSync(wholeFile, 'export * from "@koder-id/web";\n');
  example = await bundled(exampleFile);
  everything = await bundled(wholeFile, "koder");
  const scope = "openid users.read users.write clients.read clients.write audit.read";
  const console = await registerClient(server, { scope });
  ownerToken = (await tokensFor(server, console, "admin", { parameters: { scope } })).accessToken;
  const robot = await registerClient(server, {
    grant_types: ["client_credentials"],
    redirect_uris: [],
    scope: "users.read",
  });
  const source = clientCredentials({ origin: server.url, ...robot });
  serviceToken = async () => source.token(AbortSignal.timeout(10_000));
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  project?.remove();
});

async function bundled(entry: string, globalName?: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    target: "es2022",
    ...(globalName === undefined ? { format: "esm" as const } : { format: "iife" as const, globalName }),
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}

let context: BrowserContext;
let page: Page;
let pageServer: PageServer;
let closeOthers: (() => unknown)[];
beforeEach(async () => {
  context = await browser.newContext();
  context.setDefaultTimeout(30_000);
  page = await context.newPage();
  closeOthers = [];
  pageServer = await servePage(server.url);
});
afterEach(async () => {
  await context.close();
  await pageServer.close();
  await Promise.all(closeOthers.map((close) => close()));
});

/** The server of the example's page and of an empty one, before this origin. */
async function servePage(upstream: string): Promise<PageServer> {
  const served = await startPageServer(upstream);
  const html = readFileSync(join(project.folder, "examples/index.html"));
  served.answers
    .set("/", body("text/html; charset=utf-8", html))
    .set("/first-steps.js", body("text/javascript", example))
    .set("/empty", body("text/html; charset=utf-8", "<!doctype html><title>empty</title>"))
    .set("/token/administrator", body("text/plain", ownerToken))
    .set("/token/service", async (_request, response) => void response.end(await serviceToken()));
  return served;
}

describe("the first steps with the web client", () => {
  async function firstSteps(): Promise<string> {
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    await page.goto(pageServer.url);
    await page.waitForFunction(() =>
      /^(done|failed: .*)$/m.test(document.querySelector("li:last-child")?.textContent ?? ""),
    );
    const lines = await page.locator("#steps li").allTextContents();
    expect(faults).toEqual([]);
    expect(lines.at(-1), lines.join("\n")).toBe("done");
    return lines.map((line) => `${line}\n`).join("");
  }

  test("come to their end, and list every page", async () => {
    const first = await firstSteps();
    expectFirstSteps(first, [ownerToken]);
    const second = await firstSteps();
    expect(listedUsers(second)).toBe(listedUsers(first) + 1);
    await firstSteps();
    // The owner and one user of each run: more than the example's page of two.
    const calls = pageServer.arrived.filter(({ path }) => path.endsWith("/ListUsers")).length;
    expect(calls).toBeGreaterThan(3);
  });

  test("create one user, though the answer was lost on its way", async () => {
    const lossy = await loseFirstAnswer(server.url, "/koder.identity.v1.UserService/CreateUser");
    closeOthers.push(() => lossy.close());
    await pageServer.close();
    pageServer = await servePage(lossy.url);
    // A second creation would be refused: the username is taken by the first.
    expectFirstSteps(await firstSteps(), [ownerToken]);
    expect(lossy.lost()).toBe(1);
  });
});

const getUser = "/koder.identity.v1.UserService/GetUser";
const updateUser = "/koder.identity.v1.UserService/UpdateUser";

describe("in a browser", () => {
  beforeEach(async () => {
    await page.goto(`${pageServer.url}/empty`);
    await page.addScriptTag({ content: new TextDecoder().decode(everything) });
  });

  /** What a call from the page comes to: the id of the user, or how it failed. */
  const call = (
    name: "getUser" | "updateUser",
    options: { token?: string; timeoutMs?: number; origin?: string } = {},
  ) =>
    page.evaluate(
      async ({ method, token, timeoutMs, origin }) => {
        const source = token === undefined ? {} : { tokenSource: koder.staticToken(token) };
        try {
          const { users } = koder.createKoderId(origin ?? location.origin, {
            ...source,
            ...(timeoutMs === undefined ? {} : { timeoutMs }),
          });
          const { user } = await users[method]({ userId: "me" });
          return { id: user?.id };
        } catch (error) {
          const code = error instanceof koder.ConnectError ? koder.Code[error.code] : undefined;
          return { code, reason: koder.reason(error), id: koder.errorId(error), message: String(error) };
        }
      },
      { method: name, ...options },
    );

  test("a call carries the token of its source, and no cookie", async () => {
    await context.addCookies([{ name: "session", value: "of-the-page", url: pageServer.url }]);
    const answer = await call("getUser", { token: ownerToken });
    expect(answer.id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    const headers = pageServer.arrived[0]?.headers;
    expect([headers?.cookie, headers?.authorization]).toEqual([undefined, `Bearer ${ownerToken}`]);
    expect(Number(headers?.["connect-timeout-ms"])).toBeGreaterThan(0);
  });

  test("an error has its reason and its id", async () => {
    expect(await call("getUser")).toMatchObject({
      code: "Unauthenticated",
      reason: "CREDENTIAL_MISSING",
      id: expect.stringMatching(/^KID-/),
    });
  });

  test("an API key is not sent", async () => {
    const answer = await call("getUser", { token: server.adminApiKey });
    expect([answer.code, pageServer.arrived.length]).toEqual(["FailedPrecondition", 0]);
    expect(answer.message).not.toContain(server.adminApiKey);
  });

  test("http to another machine is refused before anything is sent", async () => {
    const answer = await call("getUser", { token: ownerToken, origin: "http://id.example.com" });
    expect(answer.message).toContain("would send credentials in the clear");
  });

  test("a credential follows no redirect to another origin", async () => {
    const elsewhere: unknown[] = [];
    const other = createServer((request, response) => {
      elsewhere.push(request.headers);
      const leave = { "access-control-allow-origin": "*", "access-control-allow-headers": "*, authorization" };
      response.writeHead(200, leave).end();
    });
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    closeOthers.push(() => {
      other.closeAllConnections();
      other.close();
    });
    const location = `http://127.0.0.1:${(other.address() as AddressInfo).port}${getUser}`;
    pageServer.answers.set(getUser, (_request, response) => void response.writeHead(307, { location }).end());
    expect((await call("getUser", { token: ownerToken })).code).toBe("Unknown");
    expect([elsewhere, pageServer.arrived.length]).toEqual([[], 1]);
  });

  test("a read is repeated while the server is away, another write is not", async () => {
    for (const path of [getUser, updateUser]) {
      pageServer.answers.set(path, (_request, response) => {
        pageServer.answers.delete(path);
        response.writeHead(503, { "retry-after": "0" }).end();
      });
    }
    expect((await call("getUser", { token: ownerToken })).id).toMatch(/^\w{26}$/);
    expect((await call("updateUser", { token: ownerToken })).code).toBe("Unavailable");
    expect(pageServer.arrived.map(({ path }) => path)).toEqual([getUser, getUser, updateUser]);
  });

  test("an answer that breaks in the middle is UNAVAILABLE, and a read is repeated", async () => {
    pageServer.answers.set(getUser, (request, response) => {
      pageServer.answers.delete(getUser);
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"user":', () => request.socket.destroy());
    });
    expect((await call("getUser", { token: ownerToken })).id).toMatch(/^\w{26}$/);
    expect(pageServer.arrived).toHaveLength(2);
  });

  test("a stream tells of what happens as it happens, and a connection that breaks is UNAVAILABLE", async () => {
    const told = new Set<string>();
    await page.exposeFunction("tell", (what: string) => void told.add(what));
    await page.evaluate((token) => {
      const tell = (what: string): void => (globalThis as unknown as { tell: (what: string) => void }).tell(what);
      const { events } = koder.createKoderId(location.origin, { tokenSource: koder.staticToken(token) });
      const watch = async () => {
        for await (const { event } of events.watchEvents({})) tell(event?.event?.payload.case ?? "nothing yet");
      };
      void watch().catch((error: unknown) =>
        tell(error instanceof koder.ConnectError ? (koder.Code[error.code] ?? "") : String(error)),
      );
    }, ownerToken);
    await vi.waitFor(() => expect(told).toContain("nothing yet"), { timeout: 10_000 });
    await registerClient(server);
    await vi.waitFor(() => expect(told).toContain("clientCreated"), { timeout: 10_000 });
    await pageServer.close();
    pageServer = await servePage(server.url);
    await vi.waitFor(() => expect(told).toContain("Unavailable"), { timeout: 10_000 });
  });

  test("an answer that never comes ends with the deadline", async () => {
    pageServer.answers.set(getUser, () => {});
    expect((await call("getUser", { token: ownerToken, timeoutMs: 200 })).code).toBe("DeadlineExceeded");
    expect(pageServer.arrived.length).toBeLessThan(2);
  });

  test("a server that is not there is UNAVAILABLE", async () => {
    const gone = await startPageServer(server.url);
    await gone.close();
    expect((await call("getUser", { token: ownerToken, origin: gone.url })).code).toBe("Unavailable");
  });
});

describe("the package as it is published", () => {
  test("has JavaScript, declarations, README and licence, and nothing of Node or between services", () => {
    const { manifest } = project;
    expect(manifest).toMatchObject({ name: "@koder-id/web", license: "Apache-2.0", type: "module" });
    expect(manifest.private).toBeUndefined();
    const files = globSync("**/*.*", { cwd: project.package });
    expect(files.filter((file) => !/\.(js|d\.ts)$/.test(file)).toSorted()).toEqual(["README.md", "package.json"]);
    expect(existsSync(join(project.package, "LICENSE"))).toBe(true);
    expect(files.filter((file) => /internal|store|v1\/access|test|fake|credentials/.test(file))).toEqual([]);
    const ofNode = files.filter((file) =>
      /from "node:|connect-node/.test(readFileSync(join(project.package, file), "utf8")),
    );
    expect(ofNode).toEqual([]);
  });

  test("brings its types", async () => {
    const lib = ["es2024", "dom", "dom.iterable"];
    expect(await typeFaults(project, { lib, types: [], module: "esnext", moduleResolution: "bundler" })).toBe("");
  });
});
