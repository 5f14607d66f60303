import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signsIn } from "../faults/crash/sign-in-page.ts";
import {
  createPerson,
  password,
  registerClient,
  rest,
  tokensFor,
  userinfoStatus,
  type RelyingParty,
} from "../support/relying-party.ts";
import { startServer, type RunningServer } from "../support/server.ts";

const newPassword = "another good pass phrase";
let server: RunningServer;
let client: RelyingParty;
beforeAll(async () => {
  server = await startServer();
  client = await registerClient(server);
});
afterAll(() => server?.stop());

async function signedIn() {
  const { id, username } = await createPerson(server);
  const { accessToken } = await tokensFor(server, client, username);
  const me = (method: string, path: string, body?: unknown) => rest(server, method, `/v1/me${path}`, body, accessToken);
  const sessions = async () => {
    const { json } = await me("GET", "/sessions");
    return (json["sessions"] as readonly { readonly id: string; readonly user_id: string }[] | undefined) ?? [];
  };
  return { id, username, accessToken, me, sessions, again: () => tokensFor(server, client, username) };
}

describe("/v1/me", () => {
  test("is whoever's token it is, and nobody's without one or with a program's", async () => {
    const person = await signedIn();
    expect((await person.me("GET", "")).json).toMatchObject({ id: person.id, username: person.username });
    for (const path of ["/sessions", "/consents", "/mfa"]) expect((await person.me("GET", path)).status).toBe(200);
    expect((await rest(server, "GET", "/v1/me", undefined, "")).status).toBe(401);
    expect((await rest(server, "GET", "/v1/me")).json).toMatchObject({
      error: { reason: "PERMISSION_DENIED", message: expect.stringContaining("has no account of its own") },
    });
  });

  test("A14: names nobody else, in query or body", async () => {
    const [person, other] = [await signedIn(), await signedIn()];
    expect((await person.me("GET", `?user_id=${other.id}`)).status).toBe(400);
    const change = { current_password: password, new_password: newPassword, user_id: other.id };
    expect((await person.me("POST", "/password", change)).status).toBe(400);
    expect(await userinfoStatus(server, other.accessToken)).toBe(200);
  });
});

describe("one's own password", () => {
  test("A3: is changed by the present one, and ends every session and token before the answer", async () => {
    const person = await signedIn();
    const { accessToken: other } = await person.again();
    const wrong = { current_password: "not this one at all", new_password: newPassword };
    expect((await person.me("POST", "/password", wrong)).json).toMatchObject({
      error: { reason: "PASSWORD_MISMATCH" },
    });
    const weak = { current_password: password, new_password: "passwordpassword" };
    expect((await person.me("POST", "/password", weak)).json).toMatchObject({
      error: { reason: "PASSWORD_NOT_ALLOWED", violations: [{ field: "new_password", reason: "COMMON" }] },
    });
    const right = { current_password: password, new_password: newPassword };
    expect((await person.me("POST", "/password", right)).status).toBe(200);
    for (const token of [person.accessToken, other]) expect(await userinfoStatus(server, token)).toBe(401);
    expect(await signsIn(server, client, person.username, password)).toBe(false);
    expect(await signsIn(server, client, person.username, newPassword)).toBe(true);
  });

  test("A7: 40 guesses at once by a stolen token are verified a handful of times", async () => {
    const person = await signedIn();
    const guess = () =>
      person.me("POST", "/password", { current_password: "a guess of somebody", new_password: newPassword });
    const answers = await Promise.all(Array.from({ length: 40 }, guess));
    const reasons = answers.map(({ json }) => (json["error"] as { readonly reason: string }).reason);
    const verified = reasons.filter((reason) => reason === "PASSWORD_MISMATCH").length;
    // Four at once, and then one for each wait that ran out meanwhile: 1 s, 2 s, 4 s.
    expect(verified).toBeLessThanOrEqual(8);
    expect(reasons.filter((reason) => reason === "TOO_MANY_ATTEMPTS")).toHaveLength(40 - verified);
  });
});

describe("one's own sessions", () => {
  test("are ended one by one, or all but the present one", async () => {
    const person = await signedIn();
    for (let i = 0; i < 3; i++) await person.again();
    const before = await person.sessions();
    expect(before).toHaveLength(4);
    expect(new Set(before.map((session) => session.user_id))).toEqual(new Set([person.id]));
    const [newest] = before;
    expect((await person.me("DELETE", `/sessions/${newest?.id ?? ""}`)).status).toBe(200);
    expect((await person.sessions()).map(({ id }) => id)).toEqual(before.slice(1).map(({ id }) => id));
    expect((await person.me("POST", "/sessions/revoke-others", {})).json).toMatchObject({ ended: 2 });
    expect(await person.sessions()).toHaveLength(1);
    expect(await userinfoStatus(server, person.accessToken)).toBe(200);
  });

  test("A14: somebody else's is not there", async () => {
    const [person, other] = [await signedIn(), await signedIn()];
    const [theirs] = await other.sessions();
    expect((await person.me("DELETE", `/sessions/${theirs?.id ?? ""}`)).status).toBe(404);
    const path = `/v1/users/${other.id}/sessions/${theirs?.id ?? ""}`;
    expect((await rest(server, "DELETE", path, undefined, person.accessToken)).status).toBe(403);
    expect(await userinfoStatus(server, other.accessToken)).toBe(200);
  });
});
