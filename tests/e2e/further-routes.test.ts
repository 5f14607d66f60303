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
