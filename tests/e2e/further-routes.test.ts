import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerClient, rest, tokenRequest } from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";
import { createTenant } from "../support/tenants.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

describe("routes by their other names", () => {
  test("PUT replaces what of a tenant can be changed, and passes over the rest that stands in its answer", async () => {
    const { slug } = await createTenant(server, { display_name: "Acme" });
    const path = `/v1/admin/tenants/${slug}`;
    const { json: before } = await rest(server, "GET", path);
    const put = async (body: object) => {
      const { status, json } = await rest(server, "PUT", path, body);
      return [status, json["display_name"] ?? "", json["default_domain"] ?? ""];
    };
    const sent = { ...before, display_name: "Acme Ltd", default_domain: "acme.example" };
    expect(await put(sent)).toEqual([200, "Acme Ltd", "acme.example"]);
    expect(await put(sent)).toEqual([409, "", ""]); // The etag is that of before.
    expect(await put({ display_name: "Acme Inc" })).toEqual([200, "Acme Inc", ""]);
  });

  test("a secret of a client is made by /secret as by /secrets", async () => {
    const client = await registerClient(server, { redirect_uris: [], grant_types: ["client_credentials"] });
    const { status, json } = await rest(server, "POST", `/v1/clients/${client.clientId}/secret`, {});
    expect(status, JSON.stringify(json)).toBe(200);
    const clientSecret = String(json["client_secret"]);
    const { status: issued } = await tokenRequest(
      server,
      { ...client, clientSecret },
      { grant_type: "client_credentials" },
    );
    expect(issued).toBe(200);
  });
});

describe("a method that a path does not take", () => {
  const send = (method: string, path: string, headers: Record<string, string> = {}) =>
    fetch(`${server.url}${path}`, { method, headers, redirect: "manual" });

  test.each([
    ["GET", "/oauth/v2/token", "POST"],
    ["DELETE", "/oauth/v2/introspect", "POST"],
    ["PUT", "/oauth/v2/authorize", "GET, HEAD, POST"],
    ["DELETE", "/oidc/v1/userinfo", "GET, HEAD, OPTIONS, POST"],
  ])("is refused in OAuth's form: %s %s", async (method, path, takes) => {
    const answer = await send(method, path);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([405, "no-store"]);
    const allow = answer.headers.get("allow") ?? "";
    expect(allow.split(", ")).toEqual(expect.arrayContaining(takes.split(", ")));
    expect(await answer.json()).toEqual({ error: "invalid_request", error_description: `the path takes ${allow}` });
  });

  test("is refused in ours at a path of REST, and on a page to a person", async () => {
    const json = await send("DELETE", "/v1/users");
    expect([json.status, await json.json()]).toMatchObject([405, { error: { reason: "METHOD_NOT_ALLOWED" } }]);
    const page = await send("DELETE", "/oauth/v2/authorize", { accept: "text/html" });
    expect([page.status, page.headers.get("content-type")]).toEqual([405, "text/html; charset=utf-8"]);
  });
});
