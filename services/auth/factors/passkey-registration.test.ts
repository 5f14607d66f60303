import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { FactorType } from "#gen/koder/auth/v1/factor_pb.ts";
import { UpdateFactorRequestSchema } from "#gen/koder/auth/v1/factor_service_pb.ts";
import type { Cbor } from "../../../tests/support/cbor.ts";
import { softwareAuthenticator, type Otherwise } from "../../../tests/support/software-authenticator.ts";
import { handlerContext } from "../../host/testing/handler-context.ts";
import { refusal } from "../auth-fixture.ts";
import { enrolments } from "../collections.ts";
import { acme, administrator, factorFixture, person } from "./factor-fixture.ts";
import { updateFactor } from "./update-factor.ts";

const bob = person("01JB0B00000000000000000000");

describe("a passkey", () => {
  test("is added by what the browser makes, and shown with what its authenticator says of itself", async () => {
    const f = await factorFixture();
    const { factorId, optionsJson } = await f.beginPasskey();
    expect(JSON.parse(optionsJson)).toMatchObject({
      rp: { id: acme.rpId, name: "Acme: the firm" },
      user: { id: Buffer.from(f.ana.id).toString("base64url"), name: "ana" },
      attestation: "none",
      excludeCredentials: [],
      authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
    });
    const aaguid = "d548826e79b4db40a3d811116f7e8349";
    const making = { origin: acme.origin, aaguid, backupEligible: true, backedUp: true };
    const authenticator = softwareAuthenticator(making);
    const factor = await f.finishPasskey(factorId, authenticator.create(optionsJson));
    expect(factor).toMatchObject({
      id: factorId,
      type: FactorType.PASSKEY,
      displayName: "Bitwarden",
      passkey: {
        aaguid: "d548826e-79b4-db40-a3d8-11116f7e8349",
        authenticator: "Bitwarden",
        discoverable: true,
        userVerified: true,
        backupEligible: true,
        backedUp: true,
        transports: ["internal"],
        relyingParty: acme.rpId,
      },
    });
    expect((await f.list()).factors).toEqual([factor]);
    expect((await f.events()).map(({ payload }) => payload)).toEqual([
      expect.objectContaining({ case: "factorAdded", value: expect.objectContaining({ type: "PASSKEY" }) }),
    ]);
  });

  test.each(["ES256", "EdDSA", "RS256"] as const)("of %s, attested by itself or not at all", async (algorithm) => {
    const f = await factorFixture();
    await f.passkey({ algorithm });
    await f.passkey({ algorithm, attestsItself: true });
    await f.passkey({ algorithm, verifiesUser: false, counts: false });
    const { factors } = await f.list();
    expect(factors.map(({ passkey }) => passkey?.userVerified)).toEqual([true, true, false]);
    expect(factors.map(({ displayName }) => displayName)).toEqual(["", "", ""]);
  });

  test("is added once by an authenticator, which is told of those that there are", async () => {
    const f = await factorFixture();
    const { authenticator } = await f.passkey();
    const { optionsJson } = await f.beginPasskey();
    expect(JSON.parse(optionsJson)).toMatchObject({
      excludeCredentials: [{ id: authenticator.credentialIds()[0], transports: ["internal"] }],
    });
    expect(() => authenticator.create(optionsJson)).toThrow("InvalidStateError");
  });

  test("is called as its person says, then and later", async () => {
    const f = await factorFixture();
    const { factorId, optionsJson } = await f.beginPasskey(" Key on my ring ");
    const authenticator = softwareAuthenticator({ origin: acme.origin });
    expect((await f.finishPasskey(factorId, authenticator.create(optionsJson))).displayName).toBe("Key on my ring");
    expect(await f.rename(factorId, "Spare key")).toMatchObject({ id: factorId, displayName: "Spare key" });
    expect((await f.list()).factors).toMatchObject([
      { displayName: "Spare key", passkey: { relyingParty: acme.rpId } },
    ]);
    expect((await f.events()).at(-1)).toMatchObject({ resourceVersion: 2n, payload: { case: "factorRenamed" } });
    expect(await refusal(f.rename(factorId, "Mine", bob))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
    const request = create(UpdateFactorRequestSchema, { factorId, factor: {}, updateMask: { paths: ["type"] } });
    const call = updateFactor(f.dependencies)({ ...request, userId: f.ana.id }, handlerContext(administrator()));
    expect(await refusal(call)).toMatchObject({ reason: "INVALID_REQUEST" });
    const turned = "Spare\u202Eyek";
    for (const [field, refused] of [
      ["factor.display_name", () => f.rename(factorId, turned)],
      ["display_name", () => f.beginPasskey(turned)],
      ["display_name", () => f.enrol(turned)],
    ] as const) {
      await expect(refused()).rejects.toThrow(`${field}: must be one line of text`);
    }
  });

  test("is removed like any factor, and with all of them", async () => {
    const f = await factorFixture();
    const { factor } = await f.passkey();
    await f.remove(factor.id);
    await f.passkey();
    await f.reset(f.ana.id, administrator());
    expect((await f.list()).factors).toEqual([]);
    const told = (await f.events()).map(({ payload }) => payload.case);
    expect(told).toEqual(["factorAdded", "factorRemoved", "factorAdded", "factorRemoved"]);
  });
});

const certified: Otherwise = {
  attestation: {
    format: "packed",
    statement: new Map<string, Cbor>([
      ["alg", -7],
      ["sig", Buffer.alloc(70)],
      ["x5c", [Buffer.alloc(100)]],
    ]),
  },
};

describe("is refused", () => {
  test.each<[string, Otherwise]>([
    ["from another origin", { origin: "https://id.acme.test.evil.example" }],
    ["from the same host without TLS", { origin: "http://id.acme.test" }],
    ["for another relying party", { rpId: "acme.test" }],
    ["by another challenge", { challenge: Buffer.alloc(32).toString("base64url") }],
    ["as an answer to another question", { type: "webauthn.get" }],
    ["from within a page of another origin", { crossOrigin: true }],
    ["without its user being there", { userPresent: false }],
    ["with a certificate, which nobody fetches anything for (A17)", certified],
    ["with an attestation of an unknown kind", { attestation: { format: "unheard-of", statement: new Map() } }],
  ])("%s", async (_how, otherwise) => {
    const f = await factorFixture();
    const { factorId, optionsJson } = await f.beginPasskey();
    const authenticator = softwareAuthenticator({ origin: acme.origin });
    const answer = f.finishPasskey(factorId, authenticator.create(optionsJson, otherwise));
    expect(await refusal(answer)).toMatchObject({ reason: "PASSKEY_NOT_ACCEPTED" });
    expect((await f.list()).factors).toEqual([]);
    // Nothing is used up by what is refused.
    await f.finishPasskey(factorId, softwareAuthenticator({ origin: acme.origin }).create(optionsJson));
  });

  test("with a forged signature of itself", async () => {
    const f = await factorFixture();
    const { factorId, optionsJson } = await f.beginPasskey();
    const authenticator = softwareAuthenticator({ origin: acme.origin, attestsItself: true });
    const answer = f.finishPasskey(factorId, authenticator.create(optionsJson, { forged: true }));
    expect(await refusal(answer)).toMatchObject({ reason: "PASSKEY_NOT_ACCEPTED" });
  });

  test("what is no credential", async () => {
    const f = await factorFixture();
    const { factorId, optionsJson } = await f.beginPasskey();
    const made = softwareAuthenticator({ origin: acme.origin }).create(optionsJson);
    const sent = JSON.parse(made) as { id: string; response: Record<string, unknown> };
    const broken = [
      "",
      "null",
      "[]",
      "{",
      JSON.stringify({ ...sent, rawId: "AAAA" }),
      JSON.stringify({ ...sent, type: "password" }),
      JSON.stringify({ ...sent, id: "A".repeat(2_000), rawId: "A".repeat(2_000) }),
      JSON.stringify({ ...sent, id: "AAAA", rawId: "AAAA" }),
      JSON.stringify({ ...sent, response: { ...sent.response, attestationObject: "o" } }),
      JSON.stringify({ ...sent, response: { ...sent.response, clientDataJSON: "bnVsbA" } }),
      JSON.stringify({ ...sent, response: { __proto__: null } }),
    ];
    for (const one of broken) {
      expect(await refusal(f.finishPasskey(factorId, one))).toMatchObject({ reason: "PASSKEY_NOT_ACCEPTED" });
    }
  });

  test("one that somebody has already, even oneself", async () => {
    const f = await factorFixture();
    const [mine, theirs] = [await f.beginPasskey(), await f.beginPasskey("", bob)];
    const copied = softwareAuthenticator({ origin: acme.origin });
    const made = JSON.parse(copied.create(mine.optionsJson)) as { response: Record<string, string> };
    await f.finishPasskey(mine.factorId, JSON.stringify(made));
    // The same credential, with what the other one was asked: no authenticator does that, but who has its key can.
    const { challenge } = JSON.parse(theirs.optionsJson) as { challenge: string };
    const clientData = { type: "webauthn.create", challenge, origin: acme.origin, crossOrigin: false };
    made.response["clientDataJSON"] = Buffer.from(JSON.stringify(clientData)).toString("base64url");
    const answer = f.finishPasskey(theirs.factorId, JSON.stringify(made), bob);
    expect(await refusal(answer)).toMatchObject({ reason: "PASSKEY_NOT_ACCEPTED" });
  });
});

describe("A24: a challenge", () => {
  test("is good for its person, for ten minutes, and once; a repeat answers the same factor", async () => {
    const f = await factorFixture();
    const { factorId, optionsJson } = await f.beginPasskey();
    const made = softwareAuthenticator({ origin: acme.origin }).create(optionsJson);
    expect(await refusal(f.finishPasskey(factorId, made, bob))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
    const answers = await Promise.all(Array.from({ length: 10 }, () => f.finishPasskey(factorId, made)));
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set([factorId]));
    expect((await f.list()).factors).toHaveLength(1);
    const late = await f.beginPasskey();
    const inTime = softwareAuthenticator({ origin: acme.origin }).create(late.optionsJson);
    f.advance(600_000);
    expect(await refusal(f.finishPasskey(late.factorId, inTime))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
    expect((await f.data.page(enrolments, { index: "id", limit: 10 })).items).toEqual([]);
  });

  test("of a passkey is no secret of an app, nor the other way round", async () => {
    const f = await factorFixture();
    const [{ factorId }, app] = [await f.beginPasskey(), await f.enrol()];
    expect(await refusal(f.confirm(factorId, "000000"))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
    expect(await refusal(f.finishPasskey(app.factorId, "{}"))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
  });
});
