import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import { authorizationRequest, locationOf, password, registerClient } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Status, kind of answer, and what it says, for whom a browser asks. */
async function asked(path: string, init: Sent = {}) {
  const response = await fetch(`${server.url}${path}`, {
    redirect: "manual",
    ...init,
    headers: { accept: "text/html,application/xhtml+xml", ...init.headers },
  });
  const [type = ""] = (response.headers.get("content-type") ?? "").split(";");
  return { status: response.status, type, allow: response.headers.get("allow"), text: await response.text() };
}
const form = (body: string, type = "application/x-www-form-urlencoded"): Sent => ({
  method: "POST",
  body,
  headers: { "content-type": type },
});
const long = "x".repeat(5_000);

describe("people never read JSON where an application sends their browser", () => {
  test.each([
    ["a state that is too long", `/oidc/v1/end_session?state=${long}`, {}, 400, "state"],
    ["a client_id that is too long", `/oidc/v1/end_session?client_id=${long}`, {}, 200, "client_id"],
    ["a broken escape", "/oidc/v1/end_session?state=%ff", {}, 400, "state"],
    ["a logout form that is too large", "/oidc/v1/end_session", form(`state=${long.repeat(14)}`), 413, "65536"],
    ["a logout that is no form", "/oidc/v1/end_session", form("{}", "application/json"), 415, "form-urlencoded"],
    ["a request that is too large", "/oauth/v2/authorize", form(`state=${long.repeat(14)}`), 413, "65536"],
    ["a request that is no form", "/oauth/v2/authorize", form("{}", "application/json"), 415, "form-urlencoded"],
    ["a method that nothing takes", "/oauth/v2/authorize", { method: "PUT" }, 405, "GET, HEAD, POST"],
    ["a method of a page", "/sign-in", { method: "DELETE" }, 405, "GET, HEAD, POST"],
  ] as [string, string, Sent, number, string][])("%s", async (_what, path, init, status, said) => {
    const answer = await asked(path, init);
    expect(answer).toMatchObject({ status, type: "text/html", allow: status === 405 ? said : null });
    expect(answer.text).toContain(said);
  });

  test("a program reads JSON where the method is wrong", async () => {
    expect(
      await asked("/oauth/v2/authorize", { method: "PUT", headers: { accept: "application/json" } }),
    ).toMatchObject({ status: 405, type: "application/json", allow: "GET, HEAD, POST" });
  });
});

describe("a sign-in that is not this browser's", () => {
  test("a browser that refuses cookies is told so; one that keeps them, that the sign-in has expired", async () => {
    const { url } = authorizationRequest(server, await registerClient(server));
    const browser = httpBrowser();
    const authorization = locationOf(await browser.get(url), server.url).searchParams.get("authorization") ?? "";
    const typed = { authorization, username: "ana", password };
    for (const refusing of [
      await httpBrowser().get(`${server.url}/sign-in?authorization=${authorization}`),
      await httpBrowser().post(`${server.url}/sign-in`, typed),
    ]) {
      expect(refusing.status).toBe(404);
      expect(await refusing.text()).toContain("allow cookies for this site");
    }
    const gone = await browser.get(`${server.url}/sign-in?authorization=gone`);
    expect(gone.status).toBe(404);
    expect(await gone.text()).toContain("This sign-in has expired");
  });
});
