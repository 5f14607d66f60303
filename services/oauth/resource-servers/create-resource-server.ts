import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ResourceServerSchema as StoredResourceServerSchema } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import { OauthErrorReason } from "#gen/koder/oauth/v1/errors_pb.ts";
import type { ResourceServer } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import {
  CreateResourceServerRequestSchema,
  CreateResourceServerResponseSchema,
  ResourceServerService,
  type CreateResourceServerRequest,
  type CreateResourceServerResponse,
} from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { failure, type FieldViolation } from "../../host/failure.ts";
import { Conflict } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { resourceServers } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { unknownAttributeFaults } from "../claims/unknown-attributes.ts";
import { algOf } from "../keys/sealed-signing-key.ts";
import { oauthFailure } from "../oauth-failure.ts";
import { namedClientFaults } from "./named-clients.ts";
import { identifierFault } from "./resource-identifier.ts";
import { resourceServerMessage } from "./resource-server-message.ts";
import { refuseFaults, resourceServerSettings, settingsFaults } from "./resource-server-settings.ts";
import { mostResourceServers } from "./resource-servers.ts";

/** Creates a resource server. The key of its algorithm is made first, so that whoever asks next has it in the key set. */
export function createResourceServer(
  dependencies: Pick<
    OauthDependencies,
    "store" | "clock" | "peers" | "idempotency" | "lifetimes" | "signingKeys" | "tenants" | "resourceServers"
  >,
) {
  const { store, clock, peers, idempotency, lifetimes, signingKeys, tenants } = dependencies;
  return async (
    request: CreateResourceServerRequest,
    context: HandlerContext,
  ): Promise<CreateResourceServerResponse> => {
    const call = callOf(context);
    const asked = request.resourceServer;
    if (asked === undefined) throw failure(ErrorReason.INVALID_REQUEST, "resource_server: is required");
    const { canonicalOrigin } = await tenants.get(call);
    const settings = resourceServerSettings(asked, lifetimes.accessToken);
    const wrongIdentifier = identifierFault(asked.identifier, canonicalOrigin);
    refuseFaults([
      ...setByServer(asked),
      ...(wrongIdentifier === undefined ? [] : [{ field: "resource_server.identifier", description: wrongIdentifier }]),
      ...settingsFaults(settings),
    ]);
    return idempotency.run(
      call,
      {
        method: ResourceServerService.method.createResourceServer,
        requestId: request.requestId,
        request,
        requestSchema: CreateResourceServerRequestSchema,
        responseSchema: CreateResourceServerResponseSchema,
      },
      async (remember) => {
        const data = store.tenant(call.tenantId);
        refuseFaults([
          ...(await namedClientFaults(data, settings)),
          ...(await unknownAttributeFaults(peers, call, settings.claimMappers, "resource_server.claim_mappers")),
        ]);
        const { items } = await data.page(resourceServers, { index: "id", limit: mostResourceServers });
        if (items.length >= mostResourceServers) {
          const text = `a tenant has at most ${mostResourceServers} resource servers`;
          throw oauthFailure(OauthErrorReason.RESOURCE_SERVER_LIMIT, text);
        }
        await signingKeys.prepare(call, algOf({ kid: "", alg: settings.signingAlg }));
        const now = clock();
        const record = create(StoredResourceServerSchema, {
          ...settings,
          id: ulid(now),
          identifier: asked.identifier,
          createTime: timestampFromMs(now),
          updateTime: timestampFromMs(now),
        });
        const response = create(CreateResourceServerResponseSchema, {
          resourceServer: resourceServerMessage({ record, version: 1 }),
        });
        const created = eventOf(
          call,
          now,
          { type: "resource_server", id: record.id, version: 1 },
          {
            case: "resourceServerCreated",
            value: { $typeName: "koder.events.v1.ResourceServerCreated", identifier: record.identifier },
          },
        );
        try {
          await data.commit([insert(resourceServers, record), ...remember(response)], [created]);
        } catch (error) {
          if (!(error instanceof Conflict) || error.index !== "identifier") throw error;
          throw identifierTaken(record.identifier);
        }
        dependencies.resourceServers.forget(call.tenantId);
        return response;
      },
    );
  };
}

function setByServer({ id, etag, createTime, updateTime }: ResourceServer): FieldViolation[] {
  const sent = { id: id !== "", etag: etag !== "", create_time: createTime, update_time: updateTime };
  return Object.entries(sent).flatMap(([field, value]) =>
    value === undefined || value === false
      ? []
      : [{ field: `resource_server.${field}`, description: "is set by the server" }],
  );
}

const identifierTaken = (identifier: string) =>
  oauthFailure(
    OauthErrorReason.RESOURCE_SERVER_IDENTIFIER_TAKEN,
    `identifier: another resource server is ${identifier}`,
    { violations: [{ field: "resource_server.identifier", description: "must be of no other resource server" }] },
  );
