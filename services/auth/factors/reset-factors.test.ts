import { expect, test } from "vitest";
import { refusal } from "../auth-fixture.ts";
import { factorUses } from "../collections.ts";
import { administrator, factorFixture, holding, person } from "./factor-fixture.ts";

test("removing one of two leaves the other and the recovery codes; removing the last voids these, too", async () => {
  const f = await factorFixture();
  const [phone, tablet] = [await f.app("phone"), await f.app("tablet")];
  await f.generateCodes();
  await f.remove(phone.factorId);
  expect(await f.list()).toMatchObject({ factors: [{ id: tablet.factorId }], recoveryCodesLeft: 10 });
  expect(await refusal(f.remove(phone.factorId))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
  await f.remove(tablet.factorId);
  expect(await f.list()).toMatchObject({ factors: [], recoveryCodesLeft: 0 });
  expect((await f.data.page(factorUses, { index: "id", limit: 10 })).items).toEqual([]);
  expect((await f.attempt("ana", f.ana.password)).sessionToken).not.toBe("");
});

test("an unknown id changes nothing, not even for somebody who has codes only", async () => {
  const f = await factorFixture();
  await f.generateCodes();
  expect(await refusal(f.remove("01JANOTHER0000000000000000"))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
  expect((await f.list()).recoveryCodesLeft).toBe(10);
});

test("an administrator's reset removes everything; the person signs in with the password alone", async () => {
  const f = await factorFixture();
  await f.app("phone");
  await f.app("tablet");
  await f.generateCodes();
  await f.reset(f.ana.id, administrator());
  expect(await f.list()).toMatchObject({ factors: [], recoveryCodesLeft: 0 });
  await f.reset(f.ana.id, administrator());
  const told = (await f.events()).filter(({ actor }) => actor?.id === "key").map(({ payload }) => payload.case);
  expect(told).toEqual(["factorRemoved", "factorRemoved", "recoveryCodesChanged"]);
  expect((await f.attempt("ana", f.ana.password)).sessionToken).not.toBe("");
});

test("A14: nobody removes the factors of a person who may do more than they", async () => {
  const f = await factorFixture();
  const { factorId } = await f.app();
  f.permissionsOf.set(f.ana.id, ["clients.write"]);
  const small = holding("factors.write", "users.write");
  expect(await refusal(f.reset(f.ana.id, small))).toMatchObject({ reason: "PERMISSION_DENIED" });
  expect(await refusal(f.remove(factorId, f.ana.id, small))).toMatchObject({ reason: "PERMISSION_DENIED" });
  expect((await f.list()).factors).toHaveLength(1);
  await f.remove(factorId, f.ana.id, holding("factors.write", "clients.write"));
  // Their own are theirs, whatever they may do.
  await f.app();
  await f.reset();
  expect((await f.list()).factors).toEqual([]);
});

test("A32: the owner's factors are removed by nobody without authority over the instance", async () => {
  const f = await factorFixture();
  const { factorId } = await f.app();
  f.owners.add(f.ana.id);
  for (const calling of [administrator(), person("01JOTHER000000000000000000")]) {
    expect(await refusal(f.reset(f.ana.id, calling))).toMatchObject({ reason: "PERMISSION_DENIED" });
    expect(await refusal(f.remove(factorId, f.ana.id, calling))).toMatchObject({ reason: "PERMISSION_DENIED" });
  }
  await f.remove(factorId, f.ana.id, administrator(true));
  await f.app();
  await f.reset();
  expect((await f.list()).factors).toEqual([]);
});
