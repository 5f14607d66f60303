import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AuthorizationRedirectSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { redirectLocation } from "./authorization-answer.ts";

const answer = (redirectUri: string, state = "s") =>
  redirectLocation(create(AuthorizationRedirectSchema, { redirectUri, code: "c", state, iss: "https://id.example" }));

test("the answer stands behind what the redirect URI has, and nothing of that is rewritten", () => {
  const query = "code=c&state=s&iss=https%3A%2F%2Fid.example";
  expect(answer("https://a.example/cb")).toBe(`https://a.example/cb?${query}`);
  expect(answer("https://a.example/cb?x=%7E1&y")).toBe(`https://a.example/cb?x=%7E1&y&${query}`);
  expect(answer("https://a.example/cb?")).toBe(`https://a.example/cb?${query}`);
  expect(answer("com.example.app:/cb")).toBe(`com.example.app:/cb?${query}`);
});

test("any state comes back as it was, and stays inside its parameter", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (state) => {
      const location = answer("https://a.example/cb", state);
      expect(location).toMatch(/^[\x21-\x7e]+$/);
      expect(new URL(location).searchParams.get("state")).toBe(state);
      expect([...new URL(location).searchParams.keys()]).toEqual(["code", "state", "iss"]);
    }),
  );
});
