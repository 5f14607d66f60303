import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  CreateClientRequestSchema,
  CreateClientSecretRequestSchema,
  DeleteClientRequestSchema,
  DeleteClientSecretRequestSchema,
  UpdateClientRequestSchema,
} from "#gen/koder/oauth/v1/client_service_pb.ts";
import { ActorType } from "#gen/koder/events/v1/event_pb.ts";
import type { Call } from "../../host/call.ts";
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

test("nobody changes a client that may do more than they, or creates one that such roles wait for", async () => {
  const { client, dependencies, context, permissions } = await clientFixture();
  const { clientId, secrets } = await client();
  for (const id of [clientId, "dev.koder.waiting"]) permissions.set(id, ["users.write"]);
  const ways = (caller: Pick<Call, "caller" | "actor">): readonly (() => Promise<unknown>)[] => [
    () =>
      updateClient(dependencies)(
        create(UpdateClientRequestSchema, {
          clientId,
          client: { clientName: "x" },
          updateMask: { paths: ["client_name"] },
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
        create(CreateClientRequestSchema, {
          client: { clientId: "dev.koder.waiting", redirectUris: ["https://app.example.com/cb"] },
        }),
        context(caller),
      ),
  ];
  for (const way of ways(holding("clients.write"))) {
    expect(await refusal(way())).toMatchObject({ reason: "PERMISSION_DENIED" });
  }
  for (const way of ways(holding("clients.write", "users.write"))) await way();
});
