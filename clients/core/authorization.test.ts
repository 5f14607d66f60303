import { Code, createRouterTransport } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { EventService } from "../../gen/ts-public/koder/admin/v1/event_service_pb.ts";
import { createClient } from "./create-client.ts";
import { failureOf, fakeUsers, guardedUsers, refused } from "./fake-users.ts";
import { guardTransport } from "./guard-transport.ts";
import { readOptions } from "./options.ts";
import { staticToken, type TokenSource, type TokenSourceOption } from "./token-source.ts";

const unauthenticated = (reason: string) => refused(Code.Unauthenticated, reason);
const sent = (fake: ReturnType<typeof fakeUsers>) => fake.arrived.map(({ header }) => header.get("authorization"));

/** Gives token-1 until it is told to forget it, then token-2 and so on. */
function countingSource(): TokenSource {
  let current = 1;
  return {
    token: () => `token-${current}`,
    forget: (token) => {
      if (token === `token-${current}`) current += 1;
    },
  };
}

test("the token of a source, or of a function, is sent", async () => {
  for (const tokenSource of [staticToken("kak_1"), () => "kak_1", async () => "kak_1"]) {
    const fake = fakeUsers();
    await guardedUsers(fake, { tokenSource }).users.getUser({ userId: "me" });
    expect(sent(fake)).toEqual(["Bearer kak_1"]);
  }
});

test("a call's own credential wins, and its headers are not written to", async () => {
  const fake = fakeUsers();
  const { users } = guardedUsers(fake, { tokenSource: staticToken("kak_1"), tenant: "acme" });
  const headers = new Headers({ authorization: "Bearer own" });
  await users.getUser({ userId: "me" }, { headers });
  const bare = new Headers();
  await users.getUser({ userId: "me" }, { headers: bare });
  expect(sent(fake)).toEqual(["Bearer own", "Bearer kak_1"]);
  expect([...headers, ...bare]).toEqual([["authorization", "Bearer own"]]);
});

test("a refused token is renewed once, for a write as well: the refused call was not begun", async () => {
  const fake = fakeUsers({
    answer: (_n, { header }) =>
      header.get("authorization") === "Bearer token-2" ? undefined : unauthenticated("CREDENTIAL_INVALID"),
  });
  await guardedUsers(fake, { tokenSource: countingSource() }).users.updateUser({ userId: "u" });
  expect(sent(fake)).toEqual(["Bearer token-1", "Bearer token-2"]);
});

test("a stream that is refused fails, and another one has another token", async () => {
  const tokens: (string | null)[] = [];
  const wire = createRouterTransport(({ service }) => {
    service(EventService, {
      async *watchEvents({ type }, { requestHeader }) {
        tokens.push(requestHeader.get("authorization"));
        if (type === "later") yield {};
        if (type !== "good") throw unauthenticated("CREDENTIAL_INVALID");
      },
    });
  });
  const settings = readOptions("https://id.example.com", { tokenSource: countingSource() });
  const { watchEvents } = createClient(EventService, guardTransport(wire, settings));
  for (const type of ["at once", "later"]) {
    const { code } = await failureOf(Array.fromAsync(watchEvents({ type })));
    expect(code).toBe(Code.Unauthenticated);
  }
  await Array.fromAsync(watchEvents({ type: "good" }));
  expect(tokens).toEqual(["Bearer token-1", "Bearer token-2", "Bearer token-3"]);
});

test.each<[string, TokenSource | undefined, string, number]>([
  ["a source with new tokens", countingSource(), "CREDENTIAL_INVALID", 2],
  ["a source with the same token", { ...staticToken("kak_1"), forget: () => {} }, "CREDENTIAL_INVALID", 1],
  ["a source that cannot forget", staticToken("kak_1"), "CREDENTIAL_INVALID", 1],
  ["a person who must sign in again", countingSource(), "SIGN_IN_TOO_OLD", 1],
  ["no source, and no credential", undefined, "CREDENTIAL_MISSING", 1],
  ["a source, and an answer of others", countingSource(), "", 2],
])("a token is not renewed for ever: %s", async (_name, tokenSource, reason, requests) => {
  const fake = fakeUsers({ answer: () => unauthenticated(reason) });
  const error = await failureOf(guardedUsers(fake, { tokenSource }).users.getUser({ userId: "me" }));
  expect([error.code, fake.arrived.length]).toEqual([Code.Unauthenticated, requests]);
});

test("a call without a token is not sent, and its error has the cause", async () => {
  const fake = fakeUsers();
  const broken = new Error("the vault is sealed");
  const call = (tokenSource: TokenSourceOption) =>
    failureOf(guardedUsers(fake, { tokenSource }).users.getUser({ userId: "me" }));
  for (const source of [() => Promise.reject(broken), () => throwIt(broken)]) {
    const error = await call(source);
    expect([error.code, error.cause, error.rawMessage]).toEqual([Code.Unauthenticated, broken, broken.message]);
  }
  for (const token of ["", "a secret\n", "geheimnis\u00e9"]) {
    const error = await call(() => token);
    expect(error.code).toBe(Code.Unauthenticated);
    expect(error.message).not.toMatch(/a secret|geheimnis/);
  }
  expect((await call(staticToken(""))).rawMessage).toBe("the static token is empty");
  expect(fake.arrived).toEqual([]);
});

test("a source hears that the call has ended, and is not waited for beyond its deadline", async () => {
  let heard: AbortSignal | undefined;
  const tokenSource = (signal: AbortSignal) => {
    heard = signal;
    return new Promise<string>(() => {});
  };
  const fake = fakeUsers();
  const error = await failureOf(guardedUsers(fake, { tokenSource, timeoutMs: 1 }).users.getUser({ userId: "me" }));
  expect([error.code, heard?.aborted, fake.arrived.length]).toEqual([Code.DeadlineExceeded, true, 0]);

  const controller = new AbortController();
  const call = guardedUsers(fake, { tokenSource }).users.getUser({ userId: "me" }, { signal: controller.signal });
  controller.abort();
  expect((await failureOf(call)).code).toBe(Code.Canceled);
});

function throwIt(error: Error): never {
  throw error;
}
