import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { InitialAccessTokenSchema } from "#gen/koder/oauth/v1/initial_access_token_pb.ts";
import {
  CreateInitialAccessTokenRequestSchema,
  DeleteInitialAccessTokenRequestSchema,
  ListInitialAccessTokensRequestSchema,
} from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { RegisterClientRequestSchema } from "#gen/koder/oauth/v1/registration_internal_pb.ts";
import { clientFixture } from "../clients/testing/client-fixture.ts";
import { refusal } from "../clients/testing/refusal.ts";
import { createInitialAccessToken } from "./create-initial-access-token.ts";
import { deleteInitialAccessToken } from "./delete-initial-access-token.ts";
import { listInitialAccessTokens } from "./list-initial-access-tokens.ts";
import { registerClient } from "./register-client.ts";

const day = 86_400_000;

async function fixture() {
  const made = await clientFixture();
  const { dependencies, context } = made;
  return {
    ...made,
    now: () => dependencies.clock(),
    make: async (init: MessageInitShape<typeof InitialAccessTokenSchema> = {}, requestId = "") => {
      const initialAccessToken = create(InitialAccessTokenSchema, init);
      const request = create(CreateInitialAccessTokenRequestSchema, { initialAccessToken, requestId });
      const answer = await createInitialAccessToken(dependencies)(request, context());
      return answer.initialAccessToken ?? initialAccessToken;
    },
    drop: (initialAccessTokenId: string) =>
      deleteInitialAccessToken(dependencies)(
        create(DeleteInitialAccessTokenRequestSchema, { initialAccessTokenId }),
        context(),
      ),
    shown: async () => {
      const request = create(ListInitialAccessTokensRequestSchema);
      return (await listInitialAccessTokens(dependencies)(request, context())).initialAccessTokens;
    },
    /** What a registration by the token comes to: the error, or nothing. */
    tried: async (bearerToken: string) => {
      const metadataJson = JSON.stringify({ redirect_uris: ["https://a.example/cb"] });
      const request = create(RegisterClientRequestSchema, { bearerToken, metadataJson });
      const { outcome } = await registerClient(dependencies)(request, context());
      return outcome.case === "error" ? outcome.value.error : "";
    },
  };
}

test("a token is shown once, and registers clients until it expires", async () => {
  const { make, shown, tried, advance, now } = await fixture();
  const { token, id, expireTime } = await make({ displayName: "Partners", maxUses: 0 });
  expect(token).toMatch(/^kiat_[\w-]{43}$/);
  expect(expireTime && timestampMs(expireTime)).toBe(now() + 30 * day);
  expect(await shown()).toMatchObject([{ id, displayName: "Partners", token: "" }]);
  expect([await tried(token), await tried(token)]).toEqual(["", ""]);
  advance(30 * day);
  expect(await tried(token)).toBe("invalid_token");
  expect(await shown()).toEqual([]);
});

test("a repeat is answered as at first, also when the token has expired by then", async () => {
  const { make, advance, now } = await fixture();
  const [asked, requestId] = [{ expireTime: timestampFromMs(now() + 1_000) }, randomUUID()];
  const token = await make(asked, requestId);
  advance(1_000);
  expect(await make(asked, requestId)).toEqual(token);
  expect(await refusal(make(asked))).toMatchObject({ reason: "INITIAL_ACCESS_TOKEN_INVALID" });
});

test("a token is used up, and a deleted one is refused", async () => {
  const { make, drop, tried } = await fixture();
  const [limited, other] = [await make({ maxUses: 2 }), await make()];
  expect([await tried(limited.token), await tried(limited.token), await tried(limited.token)]).toEqual([
    "",
    "",
    "invalid_token",
  ]);
  expect(await tried(other.token)).toBe("");
  await drop(other.id);
  expect(await tried(other.token)).toBe("invalid_token");
  expect(await refusal(drop(other.id))).toMatchObject({ reason: "INITIAL_ACCESS_TOKEN_NOT_FOUND" });
});

test("what the server sets cannot be chosen, and it always expires", async () => {
  const { make, now } = await fixture();
  for (const [init, field] of [
    [{ id: "mine" }, "id"],
    [{ token: "kiat_mine" }, "token"],
    [{ createTime: timestampFromMs(now()) }, "create_time"],
    [{ expireTime: timestampFromMs(now()) }, "expire_time"],
    [{ expireTime: timestampFromMs(now() + 401 * day) }, "expire_time"],
  ] satisfies [MessageInitShape<typeof InitialAccessTokenSchema>, string][]) {
    expect(await refusal(make(init))).toEqual({ reason: "INITIAL_ACCESS_TOKEN_INVALID", fields: [field] });
  }
});
