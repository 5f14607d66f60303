import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { UserSchema, UserStatus } from "#gen/koder/identity/v1/user_pb.ts";
import { CreateUserRequestSchema } from "#gen/koder/identity/v1/user_service_pb.ts";
import { passwords, users } from "../collections.ts";
import { goodPassword, identityFixture, refusal } from "../identity-fixture.ts";
import { createUser } from "./create-user.ts";

describe("creating a user", () => {
  test("keeps every claim, and answers all but the password", async () => {
    const f = await identityFixture();
    const claims = {
      username: "ana.silva",
      email: "Ana@Example.com",
      emailVerified: true,
      name: "Ana Silva",
      givenName: "Ana",
      familyName: "Silva",
      middleName: "M",
      nickname: "An",
      profile: "https://a.example/p",
      picture: "https://a.example/i",
      website: "https://a.example/",
      gender: "f",
      birthdate: "1990-02-03",
      zoneinfo: "Europe/Paris",
      locale: "pt-BR",
      phoneNumber: "+5511999990000",
      phoneNumberVerified: true,
      passwordChangeRequired: true,
    };
    const user = await f.user({ ...claims, password: goodPassword, address: { locality: "Recife" } });
    expect(user).toMatchObject({ ...claims, status: UserStatus.ACTIVE, password: "", etag: "v1" });
    expect(user.address?.locality).toBe("Recife");
    expect(user.id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
    expect(user.createTime).toEqual(timestampFromMs(f.dependencies.clock()));
    const kept = await f.data.get(passwords, user.id);
    expect(kept?.record.phc).toMatch(/^\$argon2id\$v=19\$/);
  });

  test("has no claim that is none", async () => {
    const f = await identityFixture();
    expect(await refusal(f.user({ username: "ana", locale: "not a locale!!", birthdate: "1999-02-29" }))).toMatchObject(
      {
        reason: "INVALID_REQUEST",
        fields: ["user.locale", "user.birthdate"],
      },
    );
  });

  test("keeps the hash that another system made, and answers nothing of it", async () => {
    const f = await identityFixture();
    const passwordHash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    const user = await f.user({ username: "ana", passwordHash });
    expect(user.passwordHash).toBe("");
    expect((await f.data.get(passwords, user.id))?.record).toMatchObject({ phc: passwordHash, pepperId: "" });
    expect(f.argon2.work).toEqual([]);
    const written = Buffer.concat((await f.events()).map((event) => toBinary(EventSchema, event)));
    expect(written.includes(passwordHash.slice(-20))).toBe(false);
    expect(await refusal(f.user({ username: "bob", passwordHash: "$1$salt$qJH7.N4xYta3aEG/dfqo/0" }))).toMatchObject({
      reason: "PASSWORD_HASH_NOT_SUPPORTED",
      fields: ["user.password_hash"],
    });
    expect(await refusal(f.user({ username: "bob", passwordHash, password: goodPassword }))).toMatchObject({
      reason: "INVALID_REQUEST",
    });
  });

  test("lower-cases the username; a user with an address only has none", async () => {
    const f = await identityFixture();
    expect((await f.user({ username: "AnaSilva" })).username).toBe("anasilva");
    expect((await f.user({ email: "one@example.com" })).username).toBe("");
    expect((await f.user({ email: "two@example.com" })).username).toBe("");
  });

  test("an address without content is none", async () => {
    const f = await identityFixture();
    expect((await f.user({ username: "ana", address: {} })).address).toBeUndefined();
  });

  test("refuses a username that is taken, in whichever case, and leaves nothing of the refused user", async () => {
    const f = await identityFixture();
    await f.user({ username: "ana" });
    const before = (await f.events()).length;
    expect(await refusal(f.user({ username: "ANA", password: goodPassword }))).toMatchObject({
      reason: "USERNAME_TAKEN",
      fields: ["user.username"],
    });
    expect(await f.events()).toHaveLength(before);
    expect((await f.data.page(users, { index: "id", limit: 10 })).items).toHaveLength(1);
    expect((await f.data.page(passwords, { index: "id", limit: 10 })).items).toHaveLength(0);
  });

  test.each([
    ["Ana@Example.COM", "ana@example.com"],
    ["ana@münchen.example", "ANA@XN--MNCHEN-3YA.example"],
    ["\uff41na@example.com", "ana@example.com"],
  ])("takes %s and %s for the same address", async (one, other) => {
    const f = await identityFixture();
    const user = await f.user({ email: one });
    expect(user.email).toBe(one);
    expect(await refusal(f.user({ email: other }))).toMatchObject({ reason: "EMAIL_TAKEN", fields: ["user.email"] });
  });

  test("50 at once with one username: one succeeds", async () => {
    const f = await identityFixture();
    const answers = await Promise.allSettled(Array.from({ length: 50 }, () => f.user({ username: "ana" })));
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("another tenant has names of its own", async () => {
    const f = await identityFixture();
    await f.user({ username: "ana" });
    expect((await f.user({ username: "ana" }, "", { tenantId: "t2" })).username).toBe("ana");
  });

  test("refuses whatever is no handle, and takes whatever is one", async () => {
    const isHandle = (name: string) =>
      name.length >= 2 &&
      name.length <= 20 &&
      Array.from(name).every((sign) => "abcdefghijklmnopqrstuvwxyz0123456789-.".includes(sign)) &&
      name.charAt(0) >= "a" &&
      !["-", "."].includes(name.at(-1) ?? "") &&
      !["--", "-.", ".-", ".."].some((pair) => name.includes(pair));
    const f = await identityFixture();
    const near = fc.string({ unit: fc.constantFrom(...Array.from("abz09-._Aß\u212a\u0430 \0")), maxLength: 22 });
    let count = 0;
    await fc.assert(
      fc.asyncProperty(near, async (name) => {
        if (name === "") return;
        // One tenant for each: names taken before do not matter.
        const created = f.user({ username: name }, "", { tenantId: `t${count++}` });
        if (isHandle(name.toLowerCase())) expect((await created).username).toBe(name.toLowerCase());
        else
          expect(await refusal(created)).toMatchObject({ reason: "USERNAME_NOT_ALLOWED", fields: ["user.username"] });
      }),
      { numRuns: 300 },
    );
  });

  test("refuses fields that the server sets, and names each", async () => {
    const f = await identityFixture();
    const time = timestampFromMs(0);
    expect(
      await refusal(f.user({ username: "ana", id: "x", etag: "v1", createTime: time, updateTime: time })),
    ).toMatchObject({
      reason: "FIELD_NOT_WRITABLE",
      fields: ["user.id", "user.etag", "user.create_time", "user.update_time"],
    });
  });

  test("needs a username or an address, and a password that the policy allows", async () => {
    const f = await identityFixture();
    expect(await refusal(f.user({ name: "Ana" }))).toMatchObject({
      reason: "INVALID_REQUEST",
      fields: ["user.username"],
    });
    expect(await refusal(f.user({ username: "ana", password: "short" }))).toMatchObject({
      reason: "PASSWORD_NOT_ALLOWED",
      fields: ["user.password"],
    });
  });

  test("a repeat of its request id answers the first result; another request with it is refused", async () => {
    const f = await identityFixture();
    const id = "0b7e0f52-8f3b-4f5e-9f0a-1c8d2f3e4a5b";
    const init = { username: "ana", password: goodPassword };
    const first = await f.user(init, id);
    f.advance(60_000);
    expect(await f.user(init, id)).toEqual(first);
    expect(await refusal(f.user({ ...init, name: "Other" }, id))).toMatchObject({ reason: "REQUEST_ID_REUSED" });
    const atOnce = await Promise.all(
      Array.from({ length: 10 }, () => f.user({ username: "bob" }, id.replace("0b", "0c"))),
    );
    expect(new Set(atOnce.map((user) => user.id)).size).toBe(1);
  });

  test("its event tells who, and no secret", async () => {
    const f = await identityFixture();
    const { id } = await f.user({ username: "ana", email: "ana@example.com", password: goodPassword });
    const events = await f.events();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      tenantId: "t1",
      resourceType: "user",
      resourceId: id,
      resourceVersion: 1n,
      actor: { id: "key" },
      payload: { case: "userCreated", value: { username: "" } },
    });
    const phc = (await f.data.get(passwords, id))?.record.phc ?? "";
    const bytes = Buffer.from(toBinary(EventSchema, events[0] ?? create(EventSchema))).toString("latin1");
    expect(bytes).not.toContain(goodPassword);
    expect(bytes).not.toContain(phc.split("$")[5]);
  });

  test("does not change the request that it was given", async () => {
    const f = await identityFixture();
    const user = Object.freeze(create(UserSchema, { username: "Ana", password: goodPassword }));
    const request = Object.freeze(create(CreateUserRequestSchema, { user }));
    await expect(createUser(f.dependencies)(request, f.context())).resolves.toBeDefined();
  });
});
