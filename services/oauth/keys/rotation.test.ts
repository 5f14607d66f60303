import { Code, ConnectError } from "@connectrpc/connect";
import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, test } from "vitest";
import { SigningKeyState } from "#gen/koder/oauth/v1/signing_key_pb.ts";
import {
  ListSigningKeysRequestSchema,
  RotateSigningKeyRequestSchema,
  SigningKeyRotation,
} from "#gen/koder/oauth/v1/signing_key_service_pb.ts";
import { eventOf } from "../../host/event.ts";
import { errorInfoOf } from "../../host/interceptors/error-mapping.ts";
import { createPageTokens } from "../../host/page-token.ts";
import { handlerContext, testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { replace } from "../../store/writes.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { versionOfBox } from "../../vault/sealed-box.ts";
import { signJwt } from "../../vault/sign-jwt.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import type { Vault } from "../../vault/vault.ts";
import { verifyJwt } from "../../vault/verify-jwt.ts";
import { keySchedules, oauthCollections, signingKeys as signingKeyCollection } from "../collections.ts";
import { createKeyRings } from "./key-rings.ts";
import { createKeySchedule } from "./key-schedule.ts";
import { listSigningKeys } from "./list-signing-keys.ts";
import { rotateDueKeys } from "./rotate-due-keys.ts";
import { rotateSigningKey } from "./rotate-signing-key.ts";
import { rotationPolicy } from "./rotation-policy.ts";
import { createSigningKeys } from "./signing-keys.ts";

const [second, minute, day] = [1_000, 60_000, 86_400_000];
const policy = rotationPolicy({ signFor: 90 * day, maxAge: 5 * minute }, 15 * minute);

let now: number;
const clock = () => now;
let store: Store;
let vault: Vault;
beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  vault = testVault(store, clock);
  return () => store.close();
});

/** The keys as one process has them: what it remembers is its own. */
function replica() {
  const keyRings = createKeyRings({ store, vault, clock });
  const keySchedule = createKeySchedule({ system: store.system() });
  const signingKeys = createSigningKeys({ rings: keyRings, schedule: keySchedule, policy, vault, clock });
  const faults: unknown[] = [];
  const needs = { keyRings, keySchedule, signingKeys, rotationPolicy: policy, clock };
  const rotate = rotateSigningKey(needs);
  const list = listSigningKeys({ ...needs, pageTokens: createPageTokens(vault) });
  const step = rotateDueKeys(needs, (error) => void faults.push(error));
  return {
    keyRings,
    signingKeys,
    faults,
    rotate: (rotation: SigningKeyRotation = SigningKeyRotation.ORDERLY, alg = "RS256", tenantId = "t1") =>
      rotate(create(RotateSigningKeyRequestSchema, { rotation, alg }), handlerContext({ tenantId })),
    list: (pageSize = 0, pageToken = "") =>
      list(create(ListSigningKeysRequestSchema, { pageSize, pageToken }), handlerContext()),
    /** Steps until nothing is due; answers when it wants to look again. */
    async followSchedule(): Promise<number> {
      for (;;) {
        const pause = await step();
        if (pause > 0) return pause;
      }
    },
    current: (tenantId = "t1") => signingKeys.current(testCall({ tenantId }), "RS256"),
  };
}

const states = async (tenantId = "t1") => {
  const { items } = await store.tenant(tenantId).page(signingKeyCollection, { index: "id", limit: 100 });
  return items.map(({ record }) => record.state).toSorted();
};
const stored = async (kid: string) => (await store.tenant("t1").get(signingKeyCollection, kid))?.record;
const scheduled = async () => {
  const { items } = await store.system().page(keySchedules, { index: "plan_time", limit: 100 });
  return items.map(({ record }) => [record.tenantId, record.planTime === undefined ? 0 : timestampMs(record.planTime)]);
};
/** The event of a change that somebody makes in the store, past the service. */
const changedByHand = (tenantId: string, kid: string) =>
  eventOf(
    testCall({ tenantId }),
    now,
    { type: "signing_key", id: kid, version: 2 },
    { case: "signingKeyChanged", value: { $typeName: "koder.events.v1.SigningKeyChanged", alg: "RS256", state: "" } },
  );
const reasonOf = (error: unknown) => (error instanceof ConnectError ? errorInfoOf(error)?.reason : error);

describe("by schedule", () => {
  test("a key is followed by another after its time, and goes without leaving anything of itself", async () => {
    const one = replica();
    const first = await one.current();
    expect(await scheduled()).toEqual([["t1", now + 83 * day]]);
    expect(await one.followSchedule()).toBe(5 * second);
    expect(await states()).toEqual(["current"]);

    now += 83 * day;
    await one.followSchedule();
    expect(await states()).toEqual(["current", "next"]);
    expect((await one.current()).kid).toBe(first.kid);

    now += 7 * day;
    await one.followSchedule();
    expect(await states()).toEqual(["current", "retired"]);
    expect((await one.current()).kid).not.toBe(first.kid);
    // Its private half is gone with its last signature; the public one stays for what it signed.
    expect(await stored(first.kid)).toMatchObject({ state: "retired", sealedPrivateKey: new Uint8Array() });
    const published = await replica().signingKeys.published(testCall());
    expect(published.map(({ key }) => key.kid)).toContain(first.kid);

    now += day + 5 * second;
    await one.followSchedule();
    expect(await states()).toEqual(["current"]);
    expect(await stored(first.kid)).toBeUndefined();
    const past = await replica().keyRings.readPast("t1", first.kid);
    expect(past?.record).toMatchObject({ state: "retired", sealedPrivateKey: new Uint8Array() });
    expect((await replica().signingKeys.past(testCall(), first.kid))?.publicKey.equals(first.publicKey)).toBe(true);
    expect((await one.list()).keys.map(({ kid }) => kid)).not.toContain(first.kid);
    const { items } = { items: await store.system().outbox(0, 100) };
    expect(
      items.map(({ event }) => event.payload.value).map((value) => value && "state" in value && value.state),
    ).toEqual(["current", "next", "retired", "current", "deleted"]);
  });

  test("tenants cost nothing until they are due, and one that cannot be rotated holds nobody up", async () => {
    const one = replica();
    for (const tenantId of ["a", "b", "c"]) {
      await one.current(tenantId);
      now += 1_000;
    }
    now += 83 * day;
    const broken = await store.tenant("b").page(signingKeyCollection, { index: "id", limit: 1 });
    const [key] = broken.items;
    if (key === undefined) throw new Error("b has no key");
    const odd = { ...key.record, state: "lost" };
    await store.tenant("b").commit([replace(signingKeyCollection, odd, key.version)], [changedByHand("b", odd.kid)]);
    await one.followSchedule();
    expect(await states("a")).toEqual(["current", "next"]);
    expect(await states("c")).toEqual(["current", "next"]);
    expect(one.faults).toHaveLength(1);
    expect((await scheduled())[0]).toEqual(["b", now + minute]);
  });

  test("a tenant whose keys were destroyed gets no new ones", async () => {
    const one = replica();
    await one.current();
    await store.tenant("t1").deleteRange(signingKeyCollection, 10);
    now += 83 * day;
    await one.followSchedule();
    expect([await states(), await scheduled(), one.faults]).toEqual([[], [], []]);
  });

  test("two processes that follow it at once make one key", async () => {
    const [one, two] = [replica(), replica()];
    await one.current();
    now += 83 * day;
    await Promise.all([one.followSchedule(), two.followSchedule()]);
    expect(await states()).toEqual(["current", "next"]);
    now += 7 * day;
    await Promise.all([one.followSchedule(), two.followSchedule()]);
    expect(await states()).toEqual(["current", "retired"]);
    expect([one.faults, two.faults]).toEqual([[], []]);
  });
});

describe("by command", () => {
  test("a new key is published, signs once nobody can have an older key set, and no token is refused meanwhile", async () => {
    const one = replica();
    const first = await one.current();
    const answer = await one.rotate();
    expect(answer.kid).not.toBe(first.kid);
    const signsAt = answer.activateTime === undefined ? 0 : timestampMs(answer.activateTime);
    expect(signsAt - now).toBe(5 * minute + 15 * second);
    expect(new Set(answer.keys.map(({ state }) => state))).toEqual(
      new Set([SigningKeyState.NEXT, SigningKeyState.CURRENT]),
    );
    expect((await one.rotate()).kid).toBe(answer.kid);
    expect((await one.rotate()).keys).toHaveLength(2);

    now = signsAt - 1;
    expect(await one.followSchedule()).toBe(1);
    expect((await one.current()).kid).toBe(first.kid);
    now = signsAt;
    await one.followSchedule();
    expect((await one.current()).kid).toBe(answer.kid);

    // The one retired now and the new one are both published; another rotation begins anew.
    const again = await one.rotate();
    expect([first.kid, answer.kid]).not.toContain(again.kid);
  });

  test("a key that the schedule published long ago signs at once, and a newcomer is published", async () => {
    const one = replica();
    const first = await one.current();
    now += 84 * day;
    await one.followSchedule();
    now += 6 * minute;
    const known = (await one.list()).keys.map(({ kid }) => kid);
    const answer = await one.rotate();
    expect(known).toContain(answer.kid);
    expect((await one.current()).kid).toBe(answer.kid);
    expect(answer.keys.filter(({ kid }) => !known.includes(kid))).toHaveLength(1);
    expect(answer.keys.find(({ kid }) => kid === first.kid)?.state).toBe(SigningKeyState.RETIRED);
  });

  test("now: another key signs at once, and what was signed before is still good", async () => {
    const [one, two] = [replica(), replica()];
    const first = await one.current();
    const claims = { iss: "https://id.example", iat: now / 1000, exp: now / 1000 + 900 };
    const old = await signJwt(first, { typ: "at+jwt" }, claims);
    const expected = { typ: "at+jwt", issuer: "https://id.example", now };
    await two.signingKeys.published(testCall());
    const answer = await one.rotate(SigningKeyRotation.IMMEDIATE);
    const fresh = await signJwt(await one.current(), { typ: "at+jwt" }, claims);
    expect(answer.kid).toBe((await one.current()).kid);
    now += 1_500;
    // A replica that remembers the older list reads it anew for a key that it does not know.
    for (const token of [old, fresh]) {
      await expect(
        two.signingKeys.verify(testCall(), (keys) => verifyJwt(token, keys, expected)),
      ).resolves.toMatchObject({ exp: claims.exp });
    }
  });

  test("compromised: nothing of the ring stays", async () => {
    const one = replica();
    const first = await one.current();
    await one.rotate();
    const answer = await one.rotate(SigningKeyRotation.COMPROMISED);
    expect(answer.keys).toHaveLength(1);
    expect(await states()).toEqual(["current"]);
    expect(await stored(first.kid)).toBeUndefined();
    expect((await one.current()).kid).toBe(answer.kid);
  });

  test("compromised: nothing is kept of keys of the algorithm that have left the key set", async () => {
    const one = replica();
    const first = await one.current();
    const other = await one.signingKeys.current(testCall(), "ES256");
    for (let days = 0; days < 92; days += 1) {
      now += day;
      await one.followSchedule();
    }
    await one.rotate(SigningKeyRotation.IMMEDIATE);
    const [retired] = (await one.list()).keys.filter(({ state }) => state === SigningKeyState.RETIRED);
    await one.rotate(SigningKeyRotation.COMPROMISED);
    for (const kid of [first.kid, retired?.kid ?? ""]) {
      expect(await one.signingKeys.past(testCall(), kid)).toBeUndefined();
    }
    expect(await one.signingKeys.past(testCall(), other.kid)).toBeDefined();
  });

  test("of many at once one is done, and nothing is lost", async () => {
    const replicas = [replica(), replica(), replica(), replica()];
    const first = await replicas[0]?.current();
    for (const rotation of [SigningKeyRotation.IMMEDIATE, SigningKeyRotation.ORDERLY]) {
      const before = (await states()).length;
      const results = await Promise.allSettled(replicas.map((one) => one.rotate(rotation)));
      const lost = results.flatMap((one) => (one.status === "rejected" ? [reasonOf(one.reason)] : []));
      expect(lost).toEqual(["CONFLICT", "CONFLICT", "CONFLICT"]);
      expect((await states()).filter((state) => state === "current")).toHaveLength(1);
      expect((await states()).length).toBe(before + 1);
      now += minute;
    }
    expect(await stored(first?.kid ?? "")).toMatchObject({ state: "retired" });
    const kids = await Promise.all(replicas.map(async (one) => (await one.current()).kid));
    expect(new Set(kids).size).toBe(1);
  });

  test("what cannot be rotated is said", async () => {
    const one = replica();
    await one.current();
    const unknown = await one.rotate(SigningKeyRotation.ORDERLY, "ES256").catch((error: unknown) => error);
    expect([reasonOf(unknown), (unknown as ConnectError).code]).toEqual(["SIGNING_KEY_NOT_FOUND", Code.NotFound]);
    for (let keys = 1; keys < 20; keys += 1) await one.rotate(SigningKeyRotation.IMMEDIATE).catch(() => undefined);
    const limit = await one.rotate(SigningKeyRotation.IMMEDIATE).catch((error: unknown) => error);
    expect(reasonOf(limit)).toBe("SIGNING_KEY_LIMIT");
    // After a leak there is no limit.
    expect((await one.rotate(SigningKeyRotation.COMPROMISED)).keys).toHaveLength(1);
  }, 60_000);
});

describe("what is stored", () => {
  test("a key that nobody sealed is not published, whatever the store says", async () => {
    const one = replica();
    const first = await one.current();
    const victim = await store.tenant("t1").get(signingKeyCollection, first.kid);
    if (victim === undefined) throw new Error("there is no key");
    const forged = {
      ...victim.record,
      state: "retired",
      sealedPrivateKey: new Uint8Array(),
      sealedPublicKey: victim.record.sealedPrivateKey,
    };
    await store
      .tenant("t1")
      .commit([replace(signingKeyCollection, forged, victim.version)], [changedByHand("t1", first.kid)]);
    await expect(replica().signingKeys.published(testCall())).rejects.toMatchObject({ name: "SealBroken" });
  });

  test("a private key is sealed anew by the tenant's newest key when it is touched", async () => {
    const one = replica();
    await one.current();
    const { kid } = await one.rotate();
    const before = await stored(kid);
    now += 6 * minute;
    await one.followSchedule();
    const after = await stored(kid);
    expect(after?.state).toBe("current");
    expect(Buffer.from(after?.sealedPrivateKey ?? []).equals(Buffer.from(before?.sealedPrivateKey ?? []))).toBe(false);
    expect(versionOfBox(after?.sealedPrivateKey ?? new Uint8Array())).toBe(1);
  });
});

test("a key that another process made while this one looked for it is used", async () => {
  const [one, two] = [replica(), replica()];
  const readOf = one.keyRings.readOf.bind(one.keyRings);
  let madeByTwo = "";
  one.keyRings.readOf = async (tenantId, alg) => {
    if (madeByTwo === "") madeByTwo = (await two.current()).kid;
    return readOf(tenantId, alg);
  };
  expect((await one.current()).kid).toBe(madeByTwo);
  expect(await states()).toEqual(["current"]);
  expect(await scheduled()).toEqual([["t1", now + 83 * day]]);
});

test("keys are listed by pages", async () => {
  const one = replica();
  await one.current();
  for (let n = 0; n < 3; n += 1) await one.rotate(SigningKeyRotation.IMMEDIATE);
  const all = (await one.list()).keys.map(({ kid }) => kid);
  const found: string[] = [];
  let pageToken = "";
  do {
    const page = await one.list(2, pageToken);
    expect(page.keys.length).toBeLessThanOrEqual(2);
    found.push(...page.keys.map(({ kid }) => kid));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(found).toEqual(all);
  expect(found).toEqual([...found].toSorted());
});
