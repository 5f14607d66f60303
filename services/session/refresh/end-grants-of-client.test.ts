import { describe, expect, test } from "vitest";
import { GrantRefusal } from "#gen/koder/session/v1/grant_internal_pb.ts";
import { granted, sessionFixture } from "../session-fixture.ts";

describe("ending what a person gave to a client", () => {
  test("ends every grant, and the codes on their way to one; a repeat finds nothing", async () => {
    const f = await sessionFixture();
    const both = [granted(await f.redeem(await f.code())), granted(await f.redeem(await f.code(["openid"])))];
    const waiting = await f.code();
    expect(await f.endGrantsOfClient()).toMatchObject({ ended: 2 });
    for (const { grant } of both) expect(await f.isGood(grant.id)).toBe(false);
    expect((await f.redeem(waiting)).outcome).toMatchObject({ case: "refusal", value: GrantRefusal.UNKNOWN });
    expect(await f.endGrantsOfClient()).toMatchObject({ ended: 0 });
  });

  test("leaves what was given to another client, by somebody else, or afterwards", async () => {
    const f = await sessionFixture();
    const { grant } = granted(await f.redeem(await f.code()));
    expect(await f.endGrantsOfClient("other")).toMatchObject({ ended: 0 });
    expect(await f.endGrantsOfClient(f.clientId, "01JANYBODY0000000000000000")).toMatchObject({ ended: 0 });
    expect(await f.isGood(grant.id)).toBe(true);
    await f.endGrantsOfClient();
    expect(await f.isGood(granted(await f.redeem(await f.code())).grant.id)).toBe(true);
  });

  test("of more than a page, and of codes redeemed at the same moment, none is left", async () => {
    const f = await sessionFixture();
    const codes = await Promise.all(Array.from({ length: 130 }, () => f.code()));
    const redeemed = await Promise.all(codes.slice(0, 110).map((code) => f.redeem(code)));
    const meanwhile = Promise.all(codes.slice(110).map((code) => f.redeem(code)));
    await f.endGrantsOfClient();
    for (const answer of [...redeemed, ...(await meanwhile)]) {
      if (answer.outcome.case === "redeemed") expect(await f.isGood(granted(answer).grant.id)).toBe(false);
    }
    expect(await f.endGrantsOfClient()).toMatchObject({ ended: 0 });
  });
});
