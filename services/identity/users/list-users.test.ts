import { create, type MessageInitShape } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { UserSchema } from "#gen/koder/identity/store/v1/user_pb.ts";
import { UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { ListUsersRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import type { Call } from "../../host/call.ts";
import { identityFixture, refusal } from "../identity-fixture.ts";
import { replace } from "../../store/writes.ts";
import { users as people } from "../collections.ts";
import { listUsers } from "./list-users.ts";

const withUsers = async (...names: string[]) => {
  const f = await identityFixture();
  for (const name of names) {
    await f.user({ username: name, email: `${name}@example.com` });
    f.advance(1);
  }
  const list = (init: MessageInitShape<typeof ListUsersRequestSchema>, overrides: Partial<Call> = {}) =>
    listUsers(f.dependencies)(create(ListUsersRequestSchema, init), f.context(overrides));
  const usernames = async (init: MessageInitShape<typeof ListUsersRequestSchema>) =>
    (await list(init)).users.map(({ username }) => username);
  return { f, list, usernames };
};

describe("listing users", () => {
  test("gives each once, oldest first, page by page", async () => {
    const { f, list } = await withUsers("dan", "ana", "carol", "bob", "anton");
    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await list({ pageSize: 2, pageToken });
      seen.push(...page.users.map(({ username }) => username));
      pageToken = page.nextPageToken;
      if (seen.length === 2) {
        f.advance(1);
        await f.user({ username: "zoe" });
      }
    } while (pageToken !== "");
    expect(seen).toEqual(["dan", "ana", "carol", "bob", "anton", "zoe"]);
  });

  test("by the beginning of the username, in its order", async () => {
    const { list, usernames } = await withUsers("dan", "anton", "ana", "bob", "an");
    expect(await usernames({ usernamePrefix: "AN" })).toEqual(["an", "ana", "anton"]);
    const first = await list({ usernamePrefix: "an", pageSize: 1 });
    expect(await usernames({ usernamePrefix: "an", pageToken: first.nextPageToken })).toEqual(["ana", "anton"]);
    expect(await usernames({ usernamePrefix: "x" })).toEqual([]);
  });

  test("by their status, page by page, also beside a name", async () => {
    const { f, list, usernames } = await withUsers("ana", "anton", "bob", "carol", "dan");
    const change = async (username: string, status: UserStatus) => {
      const stored = await f.data.find(people, "username", username);
      if (stored === undefined) throw new Error(`nobody is ${username}`);
      const record = create(UserSchema, { ...stored.record, status });
      await f.data.commit([replace(people, record, stored.version)], [create(EventSchema)]);
    };
    for (const name of ["anton", "bob", "dan"]) await change(name, UserStatus.DISABLED);
    await change("carol", UserStatus.DELETED);
    const { ACTIVE, DISABLED, DELETED } = UserStatus;
    expect(await usernames({ status: DISABLED })).toEqual(["anton", "bob", "dan"]);
    expect(await usernames({ status: DELETED })).toEqual(["carol"]);
    expect(await usernames({ status: ACTIVE })).toEqual(["ana"]);
    expect(await usernames({ status: DISABLED, usernamePrefix: "an" })).toEqual(["anton"]);
    expect(await usernames({ status: ACTIVE, prefix: "an" })).toEqual(["ana"]);
    expect(await usernames({ status: ACTIVE, email: "bob@example.com" })).toEqual([]);
    const first = await list({ status: DISABLED, pageSize: 2 });
    expect(first.users.map(({ username }) => username)).toEqual(["anton", "bob"]);
    const pageToken = first.nextPageToken;
    expect(await usernames({ status: DISABLED, pageSize: 2, pageToken })).toEqual(["dan"]);
    expect(await refusal(list({ status: DELETED, pageToken }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
    await change("bob", ACTIVE);
    expect(await usernames({ status: DISABLED })).toEqual(["anton", "dan"]);
  });

  test("by address or name, whichever case", async () => {
    const { usernames } = await withUsers("ana", "bob");
    expect(await usernames({ email: "ANA@example.COM" })).toEqual(["ana"]);
    expect(await usernames({ username: "Bob" })).toEqual(["bob"]);
    expect(await usernames({ email: "nobody@example.com" })).toEqual([]);
  });

  test("by the beginning of username, address or name, each once, in that order and page by page", async () => {
    const { f, list } = await withUsers("mara");
    await f.user({ email: "Maria@example.com", name: "Zoe" });
    await f.user({ username: "zed", name: "Márcio Mar" });
    await f.user({ username: "marlon", email: "marlon@example.org", name: "Marlon" });
    await f.user({ username: "other", name: "MARIO" });
    const search = async (prefix: string, pageSize: number) => {
      const seen: string[] = [];
      let pageToken = "";
      do {
        const page = await list({ prefix, pageSize, pageToken });
        seen.push(...page.users.map(({ username, email }) => username || email));
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return seen;
    };
    for (const pageSize of [1, 2, 3, 50]) {
      expect(await search("MAR", pageSize)).toEqual(["mara", "marlon", "Maria@example.com", "other"]);
    }
    expect(await search("már", 10)).toEqual(["zed"]);
    expect(await search("maria@ex", 10)).toEqual(["Maria@example.com"]);
    expect(await search("nobody", 10)).toEqual([]);
  });

  test("by an address as it is shown, also in a domain that is not ASCII", async () => {
    const { f, usernames } = await withUsers();
    await f.user({ username: "ana", email: "Ana@Bücher.example" });
    for (const prefix of [
      "ana@bücher",
      "ANA@BÜCHER.ex",
      "Ana@Bücher.example",
      "ana@xn--bch",
      "ana@bu\u0308cher.example",
    ]) {
      expect(await usernames({ prefix }), prefix).toEqual(["ana"]);
    }
    expect(await usernames({ prefix: "ana@bücher.example.org" })).toEqual([]);
  });

  test("A14: nothing of another tenant", async () => {
    const { list } = await withUsers("ana");
    for (const filter of [{}, { username: "ana" }, { email: "ana@example.com" }, { usernamePrefix: "a" }]) {
      expect((await list(filter, { tenantId: "t2" })).users).toEqual([]);
    }
  });

  test("A22: a token is good for its own listing and tenant only", async () => {
    const { list } = await withUsers("ana", "anton", "bob");
    const { nextPageToken: pageToken } = await list({ pageSize: 1 });
    expect(pageToken).not.toBe("");
    for (const other of [{ usernamePrefix: "an" }, { username: "ana" }, { email: "ana@example.com" }]) {
      expect(await refusal(list({ ...other, pageToken }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
    }
    expect(await refusal(list({ pageToken }, { tenantId: "t2" }))).toMatchObject({ reason: "PAGE_TOKEN_INVALID" });
  });

  test("whatever is asked for has an answer", async () => {
    const { list } = await withUsers("ana");
    const text = fc.string({ unit: fc.constantFrom("a", "@", "\0", "\ud800", "\ufdfa", "İ", "."), maxLength: 254 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("email", "username", "usernamePrefix", "prefix"),
        text,
        async (filter, value) => {
          const { users } = await list({ [filter]: value });
          expect(users.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 300 },
    );
    expect((await list({ email: `${"\ufdfa".repeat(252)}@a` })).users).toEqual([]);
  });
});
