import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createPerson,
  refresh,
  registerClient,
  rest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

let server: RunningServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server?.stop());

async function family(overlap: string, metadata: Record<string, unknown> = {}) {
  const client = await registerClient(server, { refresh_token_overlap: overlap, ...metadata });
  const { username } = await createPerson(server);
  return { client, ...(await tokensFor(server, client, username)) };
}
const tokenOf = ({ json }: Awaited<ReturnType<typeof refresh>>) => String(json["refresh_token"]);
const isRefused = async (client: RelyingParty, token: string) =>
  (await refresh(server, client, token)).json["error"] === "invalid_grant";

describe("A28: an honest race keeps the person signed in, and a replay wins nothing", () => {
  test("twenty refreshes at once give one successor, which goes on", async () => {
    const { client, refreshToken } = await family("10s");
    let token = refreshToken;
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(server, client, token)));
      expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
      const successors = new Set(answers.map(tokenOf));
      expect(successors.size).toBe(1);
      expect(successors.has(token)).toBe(false);
      for (const { json } of answers.slice(0, 3)) {
        expect(await userinfoStatus(server, String(json["access_token"]))).toBe(200);
      }
      [token = ""] = successors;
    }
  });

  test("a token whose successor was used is a replay, inside the window too: thief and client both lose", async () => {
    const { client, accessToken, refreshToken } = await family("60s");
    const second = await refresh(server, client, refreshToken);
    const third = await refresh(server, client, tokenOf(second));
    expect(await isRefused(client, refreshToken)).toBe(true);
    for (const token of [tokenOf(second), tokenOf(third)]) expect(await isRefused(client, token)).toBe(true);
    for (const { json } of [second, third]) {
      expect(await userinfoStatus(server, String(json["access_token"]))).toBe(401);
    }
    expect(await userinfoStatus(server, accessToken)).toBe(401);
  });

  test("outside the window a replay ends the family", async () => {
    const { client, refreshToken } = await family("0s");
    const second = await refresh(server, client, refreshToken);
    expect(second.status).toBe(200);
    expect(await isRefused(client, refreshToken)).toBe(true);
    expect(await isRefused(client, tokenOf(second))).toBe(true);
    expect(await userinfoStatus(server, String(second.json["access_token"]))).toBe(401);
  });

  test("the window is for its client alone", async () => {
    const { client, refreshToken } = await family("60s");
    const successor = tokenOf(await refresh(server, client, refreshToken));
    const other = await registerClient(server);
    expect(await isRefused(other, refreshToken)).toBe(true);
    expect((await refresh(server, { ...client, clientSecret: "guessed" }, refreshToken)).status).toBe(401);
    // Neither moved anything, nor ended it.
    expect(tokenOf(await refresh(server, client, refreshToken))).toBe(successor);
    expect((await refresh(server, client, successor)).status).toBe(200);
  });

  test("a window that would never close cannot be set", async () => {
    const metadata = { redirect_uris: ["https://app.example.com/cb"], refresh_token_overlap: "86400s" };
    const { status, json } = await rest(server, "POST", "/v1/clients", metadata);
    expect(status).toBe(400);
    expect(JSON.stringify(json)).toContain("refresh_token_overlap");
  });
});
