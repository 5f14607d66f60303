import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ResourceServerSchema } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { testCall } from "../../host/testing/handler-context.ts";
import { scopeGroups } from "./scope-groups.ts";

const drive = "https://drive.example";
const servers = new Map([
  [
    drive,
    create(ResourceServerSchema, {
      identifier: drive,
      displayName: "Drive",
      scopes: [
        { name: "read", description: "Read your files" },
        { name: "write", description: "Change your files" },
        { name: "email", description: "Read your mail" },
      ],
    }),
  ],
]);
const groups = (scopes: string[], resources: string[] = [], scopesOfClaims: string[] = []) =>
  scopeGroups({ resourceServers: { of: () => Promise.resolve(servers), forget: () => undefined } }, testCall(), {
    scopes,
    scopesOfClaims,
    resources,
  });
const plain = (...scopes: string[]) => ({
  resource: "",
  displayName: "",
  scopes: scopes.map((scope) => ({ scope, description: "" })),
});

test("scopes stand with the resource servers that the request names, in their words", async () => {
  expect(await groups(["openid", "read", "other"], [drive])).toEqual([
    plain("openid", "other"),
    { resource: drive, displayName: "Drive", scopes: [{ scope: "read", description: "Read your files" }] },
  ]);
  expect(await groups(["openid", "read"])).toEqual([plain("openid", "read")]);
});

test("what is asked of the person is never hidden behind a server's scope of the same name", async () => {
  expect(await groups(["email"], [drive])).toEqual([
    plain("email"),
    { resource: drive, displayName: "Drive", scopes: [{ scope: "email", description: "Read your mail" }] },
  ]);
});

test("a server that is named without a scope of its own is a group as well; one that is gone is none", async () => {
  expect(await groups([], [drive, "https://gone.example"])).toEqual([
    { resource: drive, displayName: "Drive", scopes: [] },
  ]);
  expect(await groups([], ["https://gone.example"])).toEqual([plain()]);
});

test("scopes that carry claims stand with what is about the person, once, and never with a server", async () => {
  expect(await groups(["openid", "phone"], [drive], ["email", "phone"])).toEqual([
    plain("openid", "phone", "email"),
    { resource: drive, displayName: "Drive", scopes: [] },
  ]);
});

test("a request for nothing at all is a group as well, so that somebody is asked about it", async () => {
  expect(await groups([])).toEqual([plain()]);
});
