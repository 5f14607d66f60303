import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ResolveLoginRequestSchema } from "#gen/koder/identity/v1/credential_internal_pb.ts";
import { identityFixture } from "../identity-fixture.ts";
import { resolveLogin } from "./resolve-login.ts";

const withUsers = async (defaultDomain = "koder.dev") => {
  const f = await identityFixture({ defaultDomain });
  const byAddress = await f.user({ username: "someone", email: "ana@koder.dev" });
  const byName = await f.user({ username: "ana", email: "ana@example.com" });
  const resolve = async (login: string, tenantId = "t1") =>
    (await resolveLogin(f.dependencies)(create(ResolveLoginRequestSchema, { login }), f.context({ tenantId }))).userId;
  return { f, byAddress: byAddress.id, byName: byName.id, resolve };
};

describe("a login name", () => {
  test("without @ is first an address in the tenant's domain, then a username", async () => {
    const { byAddress, byName, resolve } = await withUsers();
    expect(await resolve("ana")).toBe(byAddress);
    expect(await resolve(" ANA ")).toBe(byAddress);
    expect(await resolve("someone")).toBe(byAddress);
    const without = await withUsers("");
    expect(await without.resolve("ana")).toBe(without.byName);
    expect(byName).not.toBe(byAddress);
  });

  test("with @ is the address as it stands, never a username", async () => {
    const { byAddress, byName, resolve } = await withUsers();
    expect(await resolve("Ana@Example.com")).toBe(byName);
    expect(await resolve("ana@koder.dev")).toBe(byAddress);
    expect(await resolve("someone@koder.dev")).toBe("");
    expect(await resolve("ana@")).toBe("");
  });

  test("that nobody has, in this tenant, is an empty answer", async () => {
    const { resolve } = await withUsers();
    expect(await resolve("nobody")).toBe("");
    expect(await resolve("ana", "t2")).toBe("");
  });

  test("A23: names with one key are found alike, those of one user have two, and whether anybody has them does not tell", async () => {
    const { f } = await withUsers();
    await f.user({ username: "xavier", email: "x@bücher.example" });
    const resolved = (login: string) =>
      resolveLogin(f.dependencies)(create(ResolveLoginRequestSchema, { login }), f.context({ tenantId: "t1" }));
    const keyOf = async (login: string) => (await resolved(login)).loginKey;
    for (const name of ["x", "nobody"]) {
      expect(await keyOf(`${name}@bücher.example`)).toBe(`${name}@xn--bcher-kva.example`);
      expect(await keyOf(` ${name.toUpperCase()}@xn--bcher-kva.example `)).toBe(`${name}@xn--bcher-kva.example`);
    }
    expect(await keyOf(" Ana ")).toBe("ana");
    expect(await keyOf("ana@koder.dev")).toBe("ana@koder.dev");
    const unit = fc.constantFrom("a", "n", "A", "N", "ａ", "K", "@", "koder.dev", "KODER.dev", " ");
    const found = new Map<string, string>();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, minLength: 1, maxLength: 6 }), async (login) => {
        const { userId, loginKey } = await resolved(login);
        expect(found.get(loginKey) ?? userId).toBe(userId);
        found.set(loginKey, userId);
      }),
      { numRuns: 300 },
    );
  });

  test("is answered whatever it holds", async () => {
    const { byAddress, byName, resolve } = await withUsers();
    const unit = fc.constantFrom("a", "n", "@", ".", " ", "\0", "\ud800", "\ufdfa", "\uff20", "İ", "xn--");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit, minLength: 1, maxLength: 320 }), async (login) => {
        expect(["", byAddress, byName]).toContain(await resolve(login));
      }),
      { numRuns: 300 },
    );
    expect(await resolve("\ufdfa".repeat(320))).toBe("");
  });
});
