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
    expect(isResourceGranted(resources, { resource, issuer })).toBe(verdict);
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
});
