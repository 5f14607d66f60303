import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpBrowser } from "../support/http-browser.ts";
import {
  authorizationRequest,
  createPerson,
  refresh,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ env: { KODER_ID_LOG_LEVEL: "trace" } });
});
afterAll(() => server?.stop());

const pathOf = ({ clientId }: RelyingParty) => `/v1/clients/${clientId}`;
const ownToken = (client: RelyingParty, clientSecret = client.clientSecret) =>
  tokenRequest(server, { ...client, clientSecret }, { grant_type: "client_credentials" });
const service = { grant_types: ["client_credentials"], redirect_uris: [], scope: "reports.read" };

describe("A21: a client's secret is shown once", () => {
  test("no read, change or list shows it, nor the log", async () => {
    const client = await registerClient(server, { client_name: "shown once" });
    const made = await rest(server, "POST", `${pathOf(client)}/secrets`, {});
    const second = String(made.json["client_secret"]);
    expect(second).toMatch(/^kcs_/);
    const answers = [
      await rest(server, "GET", pathOf(client)),
      await rest(server, "PATCH", pathOf(client), { client_name: "shown once more" }),
      await rest(server, "GET", "/v1/clients?client_name_prefix=shown"),
      await rest(server, "POST", `${pathOf(client)}/secrets`, {}),
      // Chosen or stolen by a change: no.
      await rest(server, "PATCH", pathOf(client), { client_secret: "a-secret-of-mine" }),
      await rest(server, "PATCH", pathOf(client), { secrets: [{ client_secret: "a-secret-of-mine" }] }),
      await rest(server, "POST", "/v1/clients", { redirect_uris: [client.redirectUri], client_secret: "mine" }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 400, 400, 400, 400]);
    for (const { json } of answers) {
      for (const secret of [client.clientSecret, second]) expect(JSON.stringify(json)).not.toContain(secret.slice(4));
    }
    const logs = server.logs().join("\n");
    for (const secret of [client.clientSecret, second]) expect(logs).not.toContain(secret.slice(4));
  });

  test("two are good at a time; a deleted one and one that is not there are refused alike", async () => {
    const client = await registerClient(server, service);
    const { json } = await rest(server, "POST", `${pathOf(client)}/secrets`, {});
    const second = String(json["client_secret"]);
    expect((await ownToken(client)).status).toBe(200);
    expect((await ownToken(client, second)).status).toBe(200);
    const shown = await rest(server, "GET", pathOf(client));
    const [first] = shown.json["secrets"] as { readonly id: string }[];
    expect((await rest(server, "DELETE", `${pathOf(client)}/secrets/${first?.id ?? ""}`)).status).toBe(200);
    const [deleted, unknown] = [await ownToken(client), await ownToken(client, "kcs_unknown")];
    expect([deleted.status, deleted.json]).toEqual([401, unknown.json]);
    expect((await ownToken(client, second)).status).toBe(200);
  });
});

describe("A3: a disabled client is refused at once, everywhere", () => {
  test("its people's tokens and its own are void before the answer, and stay so when it is enabled", async () => {
    const client = await registerClient(server, {
      ...service,
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      redirect_uris: ["https://app.example.com/cb"],
      scope: "openid profile offline_access users.read",
    });
    const { username } = await createPerson(server);
    const { accessToken, refreshToken, browser } = await tokensFor(server, client, username);
    const own = String((await ownToken(client)).json["access_token"]);
    // 403: a good token of a client without the permission.
    const api = async (token: string) => (await rest(server, "GET", "/v1/users", undefined, token)).status;
    expect([await userinfoStatus(server, accessToken), await api(own)]).toEqual([200, 403]);

    expect((await rest(server, "PATCH", pathOf(client), { disabled: true })).status).toBe(200);
    expect([await userinfoStatus(server, accessToken), await api(own)]).toEqual([401, 401]);
    expect((await refresh(server, client, refreshToken)).status).toBe(401);
    expect((await ownToken(client)).status).toBe(401);
    for (const visitor of [browser, httpBrowser()]) {
      const page = await visitor.get(authorizationRequest(server, client).url);
      expect([page.status, page.headers.get("location")]).toEqual([400, null]);
    }

    expect((await rest(server, "PATCH", pathOf(client), { disabled: false })).status).toBe(200);
    expect([await userinfoStatus(server, accessToken), await api(own)]).toEqual([401, 401]);
    expect((await refresh(server, client, refreshToken)).json).toMatchObject({ error: "invalid_grant" });
    expect(await api(String((await ownToken(client)).json["access_token"]))).toBe(403);
  });
});

describe("A30: a client id is never given twice", () => {
  test("neither while the client is there nor after it is gone", async () => {
    const client = await registerClient(server, { client_id: "dev.koder.once" });
    const again = () =>
      rest(server, "POST", "/v1/clients", { client_id: client.clientId, redirect_uris: [client.redirectUri] });
    const taken = [409, expect.objectContaining({ reason: "CLIENT_ID_TAKEN" })];
    const first = await again();
    expect([first.status, first.json["error"]]).toEqual(taken);
    expect((await rest(server, "DELETE", pathOf(client))).status).toBe(200);
    const second = await again();
    expect([second.status, second.json["error"]]).toEqual(taken);
    // Nor is a tombstone brought back by a change, or given a secret.
    for (const [method, path] of [
      ["PATCH", pathOf(client)],
      ["POST", `${pathOf(client)}/secrets`],
    ] as const) {
      expect((await rest(server, method, path, {})).status).toBe(method === "PATCH" ? 400 : 404);
    }
    expect((await rest(server, "PATCH", pathOf(client), { disabled: false })).status).toBe(404);
  });
});
