import { expect, test } from "vitest";
import { factorFixture } from "./factors/factor-fixture.ts";

test("an app and a passkey are of the name that people see on the pages, or of the tenant's own", async () => {
  const f = await factorFixture();
  const shown = async () => [
    new URL((await f.enrol()).otpauthUri).searchParams.get("issuer"),
    JSON.parse((await f.beginPasskey()).optionsJson).rp.name,
  ];
  expect(await shown()).toEqual(["Acme  the firm", "Acme: the firm"]);
  f.branding.displayName = "Acme Shop";
  expect(await shown()).toEqual(["Acme Shop", "Acme Shop"]);
});
