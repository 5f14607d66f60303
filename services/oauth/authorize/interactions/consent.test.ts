import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { AuthorizationSchema } from "#gen/koder/oauth/store/v1/authorization_pb.ts";
import { ClientSchema } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { ConsentSchema } from "#gen/koder/oauth/store/v1/consent_pb.ts";
import { SessionSchema } from "#gen/koder/session/v1/session_pb.ts";
import type { ScopeGroup } from "../../consents/scope-groups.ts";
import { isConsentNeeded } from "./consent.ts";

const userId = "01JANA00000000000000000000";
const drive = "https://drive.example";
const group = (resource: string, ...scopes: string[]): ScopeGroup => ({
  resource,
  displayName: "",
  scopes: scopes.map((scope) => ({ scope, description: "" })),
});

interface Asked {
  readonly firstParty?: boolean;
  readonly prompts?: string[];
  readonly groups?: readonly ScopeGroup[];
  readonly granted?: { resource: string; scopes: string[] }[];
  readonly consentedUserId?: string;
  readonly signedIn?: boolean;
}

const needed = ({ firstParty, prompts = [], granted, consentedUserId = "", ...asked }: Asked) =>
  isConsentNeeded({
    client: create(ClientSchema, firstParty === undefined ? {} : { firstParty }),
    authorization: create(AuthorizationSchema, { prompts, consentedUserId }),
    session: asked.signedIn === false ? undefined : create(SessionSchema, { userId }),
    groups: asked.groups ?? [group("", "openid")],
    consent: granted === undefined ? undefined : { record: create(ConsentSchema, { granted }), version: 1 },
  });

describe("a third-party client", () => {
  const firstParty = false;
  test("is asked about until everything was agreed to", () => {
    expect(needed({ firstParty })).toBe(true);
    expect(needed({ firstParty, granted: [] })).toBe(true);
    expect(needed({ firstParty, granted: [{ resource: "", scopes: ["email"] }] })).toBe(true);
    expect(needed({ firstParty, granted: [{ resource: "", scopes: ["email", "openid"] }] })).toBe(false);
  });

  test("a scope that was agreed to for one resource server is not agreed to for another", () => {
    const granted = [{ resource: "", scopes: ["openid", "read"] }];
    expect(needed({ firstParty, granted, groups: [group("", "openid"), group(drive, "read")] })).toBe(true);
    const both = [...granted, { resource: drive, scopes: ["read"] }];
    expect(needed({ firstParty, granted: both, groups: [group("", "openid"), group(drive, "read")] })).toBe(false);
  });

  test("offline_access is a scope like any other", () => {
    const groups = [group("", "openid", "offline_access")];
    expect(needed({ firstParty, groups, granted: [{ resource: "", scopes: ["openid"] }] })).toBe(true);
    expect(needed({ firstParty, groups, granted: [{ resource: "", scopes: ["openid", "offline_access"] }] })).toBe(
      false,
    );
  });

  test("tokens for a resource server are agreed to also where no scope of it is asked for", () => {
    expect(needed({ firstParty, granted: [{ resource: "", scopes: ["openid"] }], groups: [group(drive)] })).toBe(true);
    expect(needed({ firstParty, granted: [{ resource: drive, scopes: [] }], groups: [group(drive)] })).toBe(false);
  });

  test("that asks for nothing is asked about until anything about the person was agreed to", () => {
    expect(needed({ firstParty, groups: [group("")] })).toBe(true);
    expect(needed({ firstParty, groups: [group("")], granted: [{ resource: drive, scopes: [] }] })).toBe(true);
    expect(needed({ firstParty, groups: [group("")], granted: [{ resource: "", scopes: [] }] })).toBe(false);
  });
});

test("a first-party client is not asked about, old records without the field included", () => {
  expect(needed({})).toBe(false);
  expect(needed({ firstParty: true })).toBe(false);
});

test.each([true, false])(
  "prompt=consent asks until the person agreed for this request; first party: %j",
  (firstParty) => {
    const all = { firstParty, prompts: ["consent"], granted: [{ resource: "", scopes: ["openid"] }] };
    expect(needed(all)).toBe(true);
    expect(needed({ ...all, consentedUserId: "01JBB000000000000000000000" })).toBe(true);
    expect(needed({ ...all, consentedUserId: userId })).toBe(false);
  },
);

test("nobody is asked before they have signed in", () => {
  expect(needed({ firstParty: false, prompts: ["consent"], signedIn: false })).toBe(false);
});
