import { toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { EnrolmentSchema, FactorSchema } from "#gen/koder/auth/store/v1/factor_pb.ts";
import { FactorType } from "#gen/koder/auth/v1/factor_pb.ts";
import { refusal } from "../auth-fixture.ts";
import { enrolments, factors } from "../collections.ts";
import { factorFixture, person } from "./factor-fixture.ts";

test("an app that shows the right code is a factor from then on, and one is answered to a repeat", async () => {
  const f = await factorFixture();
  const { factorId, secret, otpauthUri, qrCodeSvg } = await f.enrol(" My phone ");
  expect(new URL(otpauthUri).searchParams.get("secret")).toBe(secret);
  expect(decodeURIComponent(otpauthUri)).toContain("Acme  the firm:ana?");
  expect(qrCodeSvg).toMatch(/^<svg /);
  expect((await f.list()).factors).toEqual([]);
  expect((await f.attempt("ana", f.ana.password)).sessionToken).not.toBe("");

  const { factor } = await f.confirm(factorId, f.codeOf(secret));
  expect(factor).toMatchObject({ id: factorId, type: FactorType.TOTP, displayName: "My phone" });
  expect((await f.confirm(factorId, "000000")).factor).toEqual(factor);
  expect((await f.list()).factors).toEqual([factor]);
  const [event] = (await f.events()).filter(({ payload }) => payload.case === "factorAdded");
  expect(event).toMatchObject({
    resourceType: "factor",
    resourceId: factorId,
    payload: { value: { userId: f.ana.id, type: "TOTP" } },
  });
});

test("A21: the secret is kept sealed, before and after", async () => {
  const f = await factorFixture();
  const { factorId, secret } = await f.enrol();
  const enrolment = await f.data.get(enrolments, factorId);
  if (enrolment === undefined) throw new Error("nothing was kept");
  expect(Buffer.from(toBinary(EnrolmentSchema, enrolment.record)).toString("latin1")).not.toContain(secret);
  await f.confirm(factorId, f.codeOf(secret));
  const factor = await f.data.get(factors, factorId);
  if (factor === undefined) throw new Error("nothing was kept");
  expect(Buffer.from(toBinary(FactorSchema, factor.record)).toString("latin1")).not.toContain(secret);
  expect(
    JSON.stringify(await f.events(), (_key, value: unknown) => (typeof value === "bigint" ? "" : value)),
  ).not.toContain(secret);
});

test("a wrong code adds nothing, and can be tried again within ten minutes", async () => {
  const f = await factorFixture();
  const { factorId, secret } = await f.enrol();
  expect(await refusal(f.confirm(factorId, f.codeOf(secret, 5)))).toMatchObject({ reason: "CODE_MISMATCH" });
  f.advance(599_000);
  expect((await f.list()).factors).toEqual([]);
  await f.confirm(factorId, f.codeOf(secret));
  const late = await f.enrol();
  f.advance(600_000);
  expect(await refusal(f.confirm(late.factorId, f.codeOf(late.secret)))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
});

test("A14: nobody confirms, sees or removes another's", async () => {
  const f = await factorFixture();
  const other = person("01JOTHER000000000000000000");
  const { factorId, secret } = await f.enrol();
  expect(await refusal(f.confirm(factorId, f.codeOf(secret), other))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
  await f.confirm(factorId, f.codeOf(secret));
  expect(await refusal(f.confirm(factorId, f.codeOf(secret), other))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
  expect((await f.list("me", other)).factors).toEqual([]);
  expect(await refusal(f.remove(factorId, "me", other))).toMatchObject({ reason: "FACTOR_NOT_FOUND" });
});

test("confirmed 10 times at once it is one factor", async () => {
  const f = await factorFixture();
  const { factorId, secret } = await f.enrol();
  const code = f.codeOf(secret);
  const answers = await Promise.all(Array.from({ length: 10 }, () => f.confirm(factorId, code)));
  expect(new Set(answers.map(({ factor }) => factor?.id))).toEqual(new Set([factorId]));
  expect((await f.list()).factors).toHaveLength(1);
});

test("A27: a person has 20 factors at most", async () => {
  const f = await factorFixture();
  const begun = await f.enrol("one too many");
  for (let i = 0; i < 20; i++) await f.app(`app ${i}`);
  expect(await refusal(f.enrol())).toMatchObject({ reason: "FACTOR_LIMIT" });
  expect(await refusal(f.confirm(begun.factorId, f.codeOf(begun.secret)))).toMatchObject({ reason: "FACTOR_LIMIT" });
});
