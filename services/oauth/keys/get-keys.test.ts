import { create } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, onTestFinished, test } from "vitest";
import { GetKeysRequestSchema } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { handlerContext, testCall } from "../../host/testing/handler-context.ts";
import { openStore } from "../../store/open-store.ts";
import { vaultTenantKeys } from "../../vault/collections.ts";
import { testVault } from "../../vault/testing/test-vault.ts";
import { oauthCollections } from "../collections.ts";
import { getKeys } from "./get-keys.ts";
import { testSigningKeys } from "./testing/test-signing-keys.ts";

test("the answer is what the store has now, so that who remembers it for five seconds is not behind by ten", async () => {
  let now = Date.UTC(2026, 0, 1);
  const clock = () => now;
  const store = await openStore({ url: "memory:", collections: [...oauthCollections, vaultTenantKeys], clock });
  onTestFinished(() => store.close());
  const vault = testVault(store, clock);
  const [here, there] = [testSigningKeys({ store, vault, clock }), testSigningKeys({ store, vault, clock })];
  const ask = async () => {
    const { keys, expireTime } = await getKeys({ signingKeys: here, clock, keySetMaxAge: 300_000 })(
      create(GetKeysRequestSchema, {}),
      handlerContext(),
    );
    return { kids: keys.map(({ kid }) => kid), until: expireTime === undefined ? 0 : timestampMs(expireTime) };
  };
  const first = await ask();
  expect(first.kids).toHaveLength(1);
  now += 1;
  await there.prepare(testCall(), "ES256");
  const second = await ask();
  expect(second.kids).toHaveLength(2);
  expect(second.until).toBe(now + 5_000);
});
