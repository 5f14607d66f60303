import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  CreateClientRequestSchema,
  CreateClientSecretRequestSchema,
  DeleteClientRequestSchema,
  DeleteClientSecretRequestSchema,
  UpdateClientRequestSchema,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { ClientSchema, type Client } from "#gen/koder/oauth/v1/client_pb.ts";
import { CreateInitialAccessTokenRequestSchema } from "#gen/koder/oauth/v1/initial_access_token_service_pb.ts";
import { UpdateOAuthPolicyRequestSchema } from "#gen/koder/oauth/v1/oauth_policy_service_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
import { updateOauthPolicy } from "../policy/update-oauth-policy.ts";
import { createInitialAccessToken } from "../registration/create-initial-access-token.ts";
import { createClientSecret } from "./create-client-secret.ts";
import { createClient } from "./create-client.ts";
import { deleteClientSecret } from "./delete-client-secret.ts";
import { deleteClient } from "./delete-client.ts";
import { clientFixture } from "./testing/client-fixture.ts";
import { refusal } from "./testing/refusal.ts";
import { updateClient } from "./update-client.ts";

const holding = (...permissions: string[]): Pick<Call, "caller" | "actor"> => ({
  caller: { kind: "client", clientId: undefined, apiKeyId: "k", permissions: new Set(permissions), instance: false },
  actor: { id: "k", type: ActorType.API_KEY },
});

type Fixture = Awaited<ReturnType<typeof clientFixture>>;

/** Every way to change a client of an id, or to create one of another. */
function waysToChange(
  { dependencies, context }: Pick<Fixture, "dependencies" | "context">,
  { clientId, secrets }: Pick<Client, "clientId" | "secrets">,
  fresh: MessageInitShape<typeof ClientSchema>,
) {
  return (caller: Pick<Call, "caller" | "actor">): readonly (() => Promise<unknown>)[] => [
    () =>
      updateClient(dependencies)(
        create(UpdateClientRequestSchema, {
          clientId,
          client: { redirectUris: ["https://mine.example.com/cb"] },
          updateMask: { paths: ["redirect_uris"] },
        }),
        context(caller),
      ),
    () => createClientSecret(dependencies)(create(CreateClientSecretRequestSchema, { clientId }), context(caller)),
    () =>
      deleteClientSecret(dependencies)(
        create(DeleteClientSecretRequestSchema, { clientId, secretId: secrets[0]?.id ?? "" }),
        context(caller),
      ),
    () => deleteClient(dependencies)(create(DeleteClientRequestSchema, { clientId }), context(caller)),
    () =>
      createClient(dependencies)(
        create(CreateClientRequestSchema, { client: { redirectUris: ["https://app.example.com/cb"], ...fresh } }),
        context(caller),
      ),
  ];
}

/** Which of the ways, by their places, are refused to whoever holds these permissions. */
async function refusedOf(ways: ReturnType<typeof waysToChange>, ...permissions: string[]): Promise<number[]> {
  const refused: number[] = [];
  for (const [place, way] of ways(holding(...permissions)).entries()) {
    const reason = await way().then(
      () => "",
      async (error: unknown) => (await refusal(Promise.reject(error as Error))).reason,
    );
    if (reason === "PERMISSION_DENIED") refused.push(place);
    else if (reason !== "") throw new Error(`${place}: ${reason}`);
  }
  return refused;
}

test("A14: nobody changes a client whose roles permit more than they have, or creates one that such roles wait for", async () => {
  const f = await clientFixture();
  const client = await f.client();
  for (const id of [client.clientId, "dev.koder.waiting"]) f.permissions.set(id, ["users.write"]);
  const ways = waysToChange(f, client, { clientId: "dev.koder.waiting" });
  expect(await refusedOf(ways, "clients.write", "users.read")).toEqual([0, 1, 2, 3, 4]);
  expect(await refusedOf(ways, "clients.write", "users.write")).toEqual([]);
});

test("A14: nobody changes a client whose scopes permit more in the name of people than they have, or creates one", async () => {
  const f = await clientFixture();
  const scope = "openid posts.write users.write";
  const request = create(CreateClientRequestSchema, {
    client: { redirectUris: ["https://app.example.com/cb"], scope },
  });
  const { client } = await createClient(f.dependencies)(request, f.context(holding("*")));
  const ways = waysToChange(f, client ?? create(ClientSchema), { scope });
  expect(await refusedOf(ways, "clients.write", "users.read")).toEqual([0, 1, 2, 3, 4]);
  expect(await refusedOf(ways, "clients.write", "users.write")).toEqual([]);
});

test("A14: nobody gives a client such a scope, nor lets those have it that register themselves", async () => {
  const { client, dependencies, context } = await clientFixture();
  const { clientId } = await client();
  const give = (scope: string, caller: Pick<Call, "caller" | "actor">) => {
    const request = { clientId, client: { scope }, updateMask: { paths: ["scope"] } };
    return updateClient(dependencies)(create(UpdateClientRequestSchema, request), context(caller));
  };
  const letHave = (allowedScopes: string[], caller: Pick<Call, "caller" | "actor">) => {
    const policy = { registration: { allowedScopes, allowedGrantTypes: ["authorization_code"], maxRedirectUris: 1 } };
    const request = { policy, updateMask: { paths: ["registration"] } };
    return updateOauthPolicy(dependencies)(create(UpdateOAuthPolicyRequestSchema, request), context(caller));
  };
  const invite = (caller: Pick<Call, "caller" | "actor">) =>
    createInitialAccessToken(dependencies)(create(CreateInitialAccessTokenRequestSchema), context(caller));
  const [small, large] = [holding("clients.write", "policies.write"), holding("*")];
  const denied = { reason: "PERMISSION_DENIED" };
  for (const scope of ["users.read", "*", "account.write"]) {
    expect(await refusal(give(`openid ${scope}`, small))).toMatchObject(denied);
    expect(await refusal(letHave(["openid", scope], small))).toMatchObject(denied);
  }
  await give("openid clients.write posts.write", small);
  await letHave(["openid", "posts.write"], small);
  await invite(small);
  await letHave(["openid", "users.read"], large);
  expect(await refusal(letHave(["openid", "users.read"], small))).toMatchObject(denied);
  expect(await refusal(invite(small))).toMatchObject(denied);
  await invite(large);
});

test("A14: only who may do everything decides about clients that change accounts, because an owner may sign in at them", async () => {
  const f = await clientFixture();
  const scope = "openid account.write";
  const redirectUris = ["https://app.example.com/cb"];
  const made = async (client: MessageInitShape<typeof ClientSchema>, ...permissions: string[]) =>
    (
      await createClient(f.dependencies)(
        create(CreateClientRequestSchema, { client }),
        f.context(holding(...permissions)),
      )
    ).client ?? create(ClientSchema);
  // What administers people does not reach an owner either.
  const administering = ["clients.write", "users.write", "factors.write"];
  // Nobody signs in at a service account, until its grants are others.
  for (const metadata of [
    { redirectUris },
    { redirectUris, firstParty: false },
    { grantTypes: ["client_credentials"] },
  ]) {
    const ways = waysToChange(f, await made({ ...metadata, scope }, "*"), { scope });
    expect(await refusedOf(ways, ...administering)).toEqual([0, 1, 2, 3, 4]);
  }
  expect(await refusedOf(waysToChange(f, await made({ redirectUris, scope }, "*"), { scope }), "*")).toEqual([]);
  await expect(made({ redirectUris, scope }, ...administering)).rejects.toThrow(
    /the scope account\.write .* every permission \(\*\)/,
  );
});

test("A32: in the default tenant only authority over the instance decides about clients at which its owner could give it", async () => {
  const f = await clientFixture();
  const owner = holding("*");
  const instanceOwner = { ...owner, caller: { ...owner.caller, instance: true } as const };
  for (const scope of ["openid tenants.write", "openid *", "openid account.write"]) {
    const request = create(CreateClientRequestSchema, {
      client: { redirectUris: ["https://app.example.com/cb"], scope },
    });
    const { client } = await createClient(f.dependencies)(request, f.context(instanceOwner));
    const ways = waysToChange(f, client ?? create(ClientSchema), { scope });
    f.place.isDefault = true;
    expect(await refusedOf(ways, "*"), scope).toEqual([0, 1, 2, 3, 4]);
    for (const way of ways(instanceOwner)) await way();
    f.place.isDefault = false;
    expect(await refusedOf(waysToChange(f, await f.client({ scope: "openid" }), { scope }), "*"), scope).toEqual([]);
  }
});

test("A32: there it decides about such scopes of one that is there, and of those that register themselves, too", async () => {
  const f = await clientFixture();
  f.place.isDefault = true;
  const owner = holding("*");
  const instanceOwner = { ...owner, caller: { ...owner.caller, instance: true } as const };
  const { clientId } = await f.client({ scope: "openid" });
  const give = (asked: MessageInitShape<typeof ClientSchema>, of = clientId, caller = owner) => {
    const request = { clientId: of, client: asked, updateMask: { paths: Object.keys(asked).map(snakeCase) } };
    return updateClient(f.dependencies)(create(UpdateClientRequestSchema, request), f.context(caller));
  };
  const letHave = (allowedScopes: string[], caller = owner) => {
    const policy = { registration: { allowedScopes, allowedGrantTypes: ["authorization_code"], maxRedirectUris: 1 } };
    const request = { policy, updateMask: { paths: ["registration"] } };
    return updateOauthPolicy(f.dependencies)(create(UpdateOAuthPolicyRequestSchema, request), f.context(caller));
  };
  const invite = (caller = owner) =>
    createInitialAccessToken(f.dependencies)(create(CreateInitialAccessTokenRequestSchema), f.context(caller));
  const denied = { reason: "PERMISSION_DENIED" };
  for (const scope of ["users.read", "*", "account.write"]) {
    expect(await refusal(give({ scope: `openid ${scope}` })), scope).toMatchObject(denied);
    expect(await refusal(letHave(["openid", scope])), scope).toMatchObject(denied);
    await letHave(["openid", scope], instanceOwner);
    expect(await refusal(invite()), scope).toMatchObject(denied);
    await invite(instanceOwner);
    await letHave(["openid", "posts.write"]);
    await invite();
  }
  // Nobody signs in at a service account, until somebody could.
  const redirectUris = ["https://app.example.com/cb"];
  const client = { scope: "users.read", grantTypes: ["client_credentials"] };
  const { client: account } = await createClient(f.dependencies)(
    create(CreateClientRequestSchema, { client }),
    f.context(owner),
  );
  const turned = { grantTypes: ["client_credentials", "authorization_code"], responseTypes: ["code"], redirectUris };
  await give({ clientName: "Nightly" }, account?.clientId);
  expect(await refusal(give(turned, account?.clientId))).toMatchObject(denied);
  await give(turned, account?.clientId, instanceOwner);
  expect(await refusal(give({ grantTypes: ["client_credentials"] }, account?.clientId))).toMatchObject(denied);
});

const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
