import { expect, test } from "vitest";
import { askedAcrValues } from "./asked-acr-values.ts";

test.each([
  [[], "", {}, []],
  [["d"], "", {}, ["d"]],
  [["d"], "a  b", {}, ["a", "b"]],
  [["d"], "a", { id_token: { acr: null } }, ["a"]],
  [["d"], "a", { id_token: { acr: { values: ["c", 7, "e"] } } }, ["c", "e"]],
  [["d"], "a", { id_token: { acr: { value: "c" } } }, ["c"]],
])("default %j, acr_values %j, claims %j: %j", (defaultAcrValues, acrValues, claims, asked) => {
  expect(askedAcrValues({ defaultAcrValues: [...defaultAcrValues] }, { acrValues }, claims)).toEqual(asked);
});

test("no more than anybody asks for", () => {
  const acrValues = Array.from({ length: 500 }, (_value, n) => `v${n}`).join(" ");
  expect(askedAcrValues({ defaultAcrValues: [] }, { acrValues }, {})).toHaveLength(64);
});

test("a value that is longer than any name is passed over, as one that nobody knows", () => {
  const claims = { id_token: { acr: { values: ["v".repeat(1_025), "mfa"] } } };
  expect(askedAcrValues({ defaultAcrValues: [] }, { acrValues: "" }, claims)).toEqual(["mfa"]);
});
