import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ScopeGroupSchema } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { groupedScopes } from "./grouped-scopes.ts";
import { textsOf } from "./texts.ts";

const texts = textsOf("en-US");
const own = (...scopes: string[]) =>
  create(ScopeGroupSchema, { scopes: scopes.map((scope) => ({ scope, description: "" })) });

test("what is about the person comes first, what lasts while they are away last", () => {
  expect(groupedScopes([own("offline_access", "email", "openid")], texts)).toEqual([
    { heading: "About you", sentences: [texts["scope_email"], texts["scope_openid"]] },
    { heading: "When you are away", sentences: [texts["scope_offline_access"]] },
  ]);
});

test("a resource server is named, by its identifier where it has no name, and its scopes are in its own words", () => {
  const [drive, mail] = ["https://drive.example", "https://mail.example"];
  const groups = [
    create(ScopeGroupSchema, {
      resource: drive,
      displayName: "Drive",
      scopes: [{ scope: "email", description: "read your files" }],
    }),
    create(ScopeGroupSchema, { resource: mail, scopes: [{ scope: "send", description: "" }] }),
    create(ScopeGroupSchema, { resource: "https://plain.example", displayName: "Plain" }),
  ];
  expect(groupedScopes(groups, texts)).toEqual([
    { heading: "Drive", sentences: ["read your files"] },
    { heading: mail, sentences: ["use “send”"] },
    { heading: "Plain", sentences: ["use it in your name"] },
  ]);
});

test("of who asks for nothing it is said what they learn all the same", () => {
  expect(groupedScopes([own()], texts)).toEqual([{ heading: "About you", sentences: [texts["scope_openid"]] }]);
});

test("no scope is left out, and none finds a text that is another's", () => {
  for (const scope of ["calendar.read", "other", "offline_access2", "__proto__", "scope_openid"]) {
    expect(groupedScopes([own(scope)], texts)).toEqual([{ heading: "Also", sentences: [`use “${scope}”`] }]);
  }
});
