import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { FieldMaskSchema } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { OAuthPolicySchema } from "#gen/koder/oauth/v1/oauth_policy_pb.ts";
import {
  GetOAuthPolicyRequestSchema,
  UpdateOAuthPolicyRequestSchema,
} from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { clientFixture } from "../clients/testing/client-fixture.ts";
import { refusal } from "../clients/testing/refusal.ts";
import { getOauthPolicy } from "./get-oauth-policy.ts";
import { updateOauthPolicy } from "./update-oauth-policy.ts";

async function fixture() {
  const made = await clientFixture();
  return {
    ...made,
    get: async () => {
      const answer = await getOauthPolicy(made.dependencies)(create(GetOAuthPolicyRequestSchema), made.context());
      return answer.policy ?? create(OAuthPolicySchema);
    },
    update: async (policy: MessageInitShape<typeof OAuthPolicySchema>, paths: readonly string[]) => {
      const updateMask = create(FieldMaskSchema, { paths: [...paths] });
      const request = create(UpdateOAuthPolicyRequestSchema, { policy, updateMask });
      const answer = await updateOauthPolicy(made.dependencies)(request, made.context());
      return answer.policy ?? create(OAuthPolicySchema);
    },
    cached: () => made.dependencies.oauthPolicies.get({ tenantId: "t1" }),
  };
}

test("a tenant that said nothing has the default: PKCE for all, registration closed", async () => {
  const { get, cached } = await fixture();
  expect(await get()).toMatchObject({
    etag: "v0",
    requirePkceOfConfidentialClients: true,
    requirePushedAuthorizationRequests: false,
    defaultAudience: "",
    strictAssertionAudience: false,
    logoutEndsOfflineGrants: false,
    registration: {
      open: false,
      allowedScopes: ["openid", "profile", "email", "phone", "address", "offline_access"],
      allowedGrantTypes: ["authorization_code", "refresh_token"],
      maxRedirectUris: 10,
    },
  });
  expect(await cached()).toMatchObject({ requirePkceOfConfidentialClients: true, registration: { open: false } });
});

test("the fields of the mask change, and no others; the registration as a whole; here at once", async () => {
  const { get, update, cached, events } = await fixture();
  await cached();
  await update({ requirePkceOfConfidentialClients: false, registration: { open: true, maxRedirectUris: 3 } }, [
    "require_pkce_of_confidential_clients",
    "registration",
  ]);
  expect(await cached()).toMatchObject({
    requirePkceOfConfidentialClients: false,
    registration: { open: true, maxRedirectUris: 3, requirePkce: undefined },
  });
  const after = await update({ registration: { requirePkce: false } }, ["registration"]);
  expect(after).toMatchObject({
    etag: "v2",
    requirePkceOfConfidentialClients: false,
    registration: { open: false, maxRedirectUris: 10, requirePkce: false },
  });
  expect(await get()).toEqual(after);
  // Unset, it is the default again.
  expect(await update({}, ["require_pkce_of_confidential_clients"])).toMatchObject({
    requirePkceOfConfidentialClients: true,
  });
  const told = (await events()).map(({ resourceType, payload }) => [resourceType, payload.case]);
  expect(told).toEqual(Array.from({ length: 3 }, () => ["oauth_policy", "oauthPolicyUpdated"]));
});

test("what is wrong is named, and nothing is changed", async () => {
  const { get, update } = await fixture();
  const before = await get();
  for (const [policy, path, field] of [
    [{ defaultAudience: "api" }, "default_audience", "policy.default_audience"],
    [{ defaultAudience: "https://api.example/#x" }, "default_audience", "policy.default_audience"],
    [{ defaultAudience: "https://nobody.example" }, "default_audience", "policy.default_audience"],
    [{ registration: { allowedScopes: ["a b"] } }, "registration", "policy.registration.allowed_scopes"],
    [{}, "update_time", "policy.update_time"],
    [{}, "registration.open", "policy.registration.open"],
  ] satisfies [MessageInitShape<typeof OAuthPolicySchema>, string, string][]) {
    expect(await refusal(update(policy, [path]))).toEqual({ reason: "POLICY_INVALID", fields: [field] });
  }
  expect(await refusal(update({}, []))).toMatchObject({ reason: "INVALID_REQUEST" });
  expect(await get()).toEqual(before);
});

test("an etag that is not the policy's is refused, the first time too", async () => {
  const { update } = await fixture();
  const change = (etag: string) => update({ etag, logoutEndsOfflineGrants: true }, ["logout_ends_offline_grants"]);
  expect(await refusal(change("v1"))).toMatchObject({ reason: "ETAG_MISMATCH" });
  expect((await change("v0")).etag).toBe("v1");
  expect(await refusal(change("v0"))).toMatchObject({ reason: "ETAG_MISMATCH" });
  expect((await change("v1")).etag).toBe("v2");
});
