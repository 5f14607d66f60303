import { expect, test } from "vitest";
import { mostSessions, readTokens, writeTokens } from "./browser-tokens.ts";

const token = (at: number) => `ksn_${String(at).padStart(43, "0")}`;
const many = (count: number) => Array.from({ length: count }, (_, at) => token(at));

test("tokens are read back in their order", () => {
  for (const count of [0, 1, mostSessions]) expect(readTokens(writeTokens(many(count)))).toEqual(many(count));
});

test("as many as a browser keeps fit into the cookie and into the calls' field", () => {
  expect(writeTokens(many(mostSessions)).length).toBeLessThanOrEqual(256);
});

test("what is no token, comes twice or is one too many is passed over", () => {
  expect(readTokens("")).toEqual([]);
  expect(readTokens(`x.${token(1)}..${token(2)}.ksn_short.${token(1)}.`)).toEqual([token(1), token(2)]);
  expect(readTokens(writeTokens(many(mostSessions + 2)))).toEqual(many(mostSessions));
});
