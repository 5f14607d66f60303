import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { LogoutRedirectSchema } from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { logoutLocation } from "./logout.ts";

test.each([
  ["https://app.example/out", "", "https://app.example/out"],
  ["https://app.example/out", "a b&c=d#e", "https://app.example/out?state=a+b%26c%3Dd%23e"],
  ["https://app.example/out?x=1", "s", "https://app.example/out?x=1&state=s"],
  ["https://app.example/out?", "s", "https://app.example/out?state=s"],
  ["https://app.example/out?x=1&", "s", "https://app.example/out?x=1&state=s"],
  ["com.example.app:/out", "s", "com.example.app:/out?state=s"],
])("%s with state %j: %s", (postLogoutRedirectUri, state, location) => {
  expect(logoutLocation(create(LogoutRedirectSchema, { postLogoutRedirectUri, state }))).toBe(location);
});
