import { expect, test } from "vitest";
import { clientMayGoOn } from "./client-may-go-on.ts";

const family = (scopes: string[], clientScopes: string[], asked: string[] = [], offline = false) =>
  clientMayGoOn({ scopes, offline }, { scopes: asked, clientScopes });

test("something of what is asked for must be left, or of the grant where nothing is asked for", () => {
  expect(family(["openid", "users.write"], ["openid"])).toBe(true);
  expect(family(["openid", "users.write"], ["openid"], ["openid", "users.write"])).toBe(true);
  expect(family(["openid", "users.write"], ["openid"], ["users.write"])).toBe(false);
  expect(family(["users.write"], ["openid"])).toBe(false);
  expect(family(["openid", "offline_access"], ["email", "offline_access"], [], true)).toBe(false);
});

test("a grant of no scope asks for none", () => {
  expect(family([], ["openid"])).toBe(true);
});

test("a family for offline use needs offline access itself", () => {
  expect(family(["openid", "offline_access"], ["openid"], [], true)).toBe(false);
  expect(family(["openid", "offline_access"], ["openid", "offline_access"], ["openid"], true)).toBe(true);
  expect(family(["openid"], ["openid"], [], false)).toBe(true);
});

test("a client of which nothing is told is not held to it", () => {
  expect(family(["openid", "offline_access"], [], [], true)).toBe(true);
});
