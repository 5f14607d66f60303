import { describe, expect, test } from "vitest";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { granted, sessionFixture } from "../session-fixture.ts";
import { isResourceGranted } from "./granted-resource.ts";

const issuer = "https://id.example";
const orders = "https://orders.example";
const refused = { outcome: { case: "refusal", value: GrantRefusal.RESOURCE } };

describe("A11: a token is for what was granted, or less", () => {
  test.each([
    [[], "", true],
    [[], issuer, true],
    [[], orders, false],
    [[orders], "", true],
    [[orders], orders, true],
    [[orders], issuer, false],
    [[orders], `${orders}/`, false],
    [[orders, issuer], issuer, true],
  ])("granted %j, asked %j: %s", (resources, resource, verdict) => {
    expect(isResourceGranted(resources, { resource, issuer, clientResources: [] })).toBe(verdict);
  });

  test.each([
    [[], [issuer], true],
    [[orders], [issuer], false],
    [[orders], [issuer, orders], true],
    [["urn:news", orders], [issuer, orders], true],
    [[orders, issuer], [issuer], true],
  ])("granted %j, its client may have %j: %s", (resources, clientResources, verdict) => {
    expect(isResourceGranted(resources, { resource: "", issuer, clientResources })).toBe(verdict);
  });

  test("a code and a refresh token that are asked for another resource are refused, and not used by it", async () => {
    const f = await sessionFixture();
    const { session } = await f.signIn();
    const { outcome } = await f.codeOf(session?.id ?? "", undefined, { resources: [orders] });
    const code = outcome.case === "code" ? outcome.value : "";
    expect(await f.redeem(code, { resource: issuer, issuer })).toMatchObject(refused);
    const { grant, refreshToken } = granted(await f.redeem(code, { resource: orders, issuer }));
    expect(grant.resources).toEqual([orders]);
    expect(await f.refresh(refreshToken, { resource: issuer, issuer })).toMatchObject(refused);
    granted(await f.refresh(refreshToken, { resource: orders, issuer }));
    f.advance(60_000);
    // A replay is one, whatever it asks for.
    expect(await f.refresh(refreshToken, { resource: issuer, issuer })).toMatchObject({
      outcome: { case: "refusal", value: GrantRefusal.REUSED },
    });
    expect(await f.isGood(grant.id)).toBe(false);
  });

  test("a code and a refresh token of which nothing is left for their client are refused, and not used by it", async () => {
    const f = await sessionFixture();
    const code = await f.code(undefined, { resources: [orders] });
    const [closed, open] = [{ clientResources: [issuer] }, { clientResources: [issuer, orders] }];
    const taken = { outcome: { case: "refusal", value: GrantRefusal.SCOPE } };
    expect(await f.redeem(code, closed)).toMatchObject(refused);
    expect(await f.redeem(code, { clientScopes: ["email", "offline_access"] })).toMatchObject(taken);
    const { grant, refreshToken } = granted(await f.redeem(code, { ...open, clientScopes: ["openid"] }));
    expect(await f.refresh(refreshToken, closed)).toMatchObject(refused);
    const isGood = async (now: typeof open) => (await f.inspect(refreshToken, "t1", now)).grant !== undefined;
    expect([await isGood(closed), await isGood(open)]).toEqual([false, true]);
    f.advance(60_000);
    granted(await f.refresh(refreshToken, open));
    f.advance(60_000);
    expect(await f.refresh(refreshToken, closed)).toMatchObject({
      outcome: { case: "refusal", value: GrantRefusal.REUSED },
    });
    expect(await f.isGood(grant.id)).toBe(false);
    const another = await f.code(undefined, { resources: [orders] });
    const first = granted(await f.redeem(another, open)).grant;
    expect(await f.redeem(another, closed)).toMatchObject({
      outcome: { case: "refusal", value: GrantRefusal.REUSED },
    });
    expect(await f.isGood(first.id)).toBe(false);
  });
});
