import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { ResourceServerSchema as StoredResourceServerSchema } from "#gen/koder/oauth/store/v1/resource_server_pb.ts";
import type { ResourceServer } from "#gen/koder/oauth/v1/resource_server_pb.ts";
import {
  UpdateResourceServerResponseSchema,
  type UpdateResourceServerRequest,
  type UpdateResourceServerResponse,
} from "#gen/koder/oauth/v1/resource_server_service_pb.ts";
import { ErrorReason } from "#gen/koder/options/v1/errors_pb.ts";
import { callOf } from "../../host/call.ts";
import { changeLatest } from "../../host/change-latest.ts";
import { readUpdate } from "../../host/read-update.ts";
import { eventOf } from "../../host/event.ts";
import { failure } from "../../host/failure.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { replace } from "../../store/writes.ts";
import { resourceServers } from "../collections.ts";
import type { OauthDependencies } from "../dependencies.ts";
import { unknownAttributeFaults } from "../claims/unknown-attributes.ts";
import { algOf } from "../keys/sealed-signing-key.ts";
import { namedClientFaults } from "./named-clients.ts";
import { resourceServerEtag, resourceServerMessage } from "./resource-server-message.ts";
import { resourceServerNotFound } from "./resource-server-refused.ts";
import {
  refuseFaults,
  resourceServerSettings,
  settingsFaults,
  type ResourceServerSettings,
} from "./resource-server-settings.ts";

/** What each path of a mask changes. The identifier is not among them: it is what tokens and applications know. */
const settingOf: Readonly<Record<string, keyof ResourceServerSettings | undefined>> = {
  display_name: "displayName",
  scopes: "scopes",
  all_clients_allowed: "allClientsAllowed",
  allowed_client_ids: "allowedClientIds",
  access_token_lifetime: "accessTokenLifetime",
  signing_alg: "signingAlg",
  introspection_client_ids: "introspectionClientIds",
  claim_mappers: "claimMappers",
};

/** Changes the fields that the mask names, all or none. */
export function updateResourceServer(
  dependencies: Pick<OauthDependencies, "store" | "clock" | "peers" | "lifetimes" | "signingKeys" | "resourceServers">,
) {
  const { store, clock, peers, lifetimes, signingKeys } = dependencies;
  return (request: UpdateResourceServerRequest, context: HandlerContext): Promise<UpdateResourceServerResponse> =>
    changeLatest(request.resourceServer?.etag, async () => {
      const call = callOf(context);
      const { asked, paths } = readUpdate(request.resourceServer, request.updateMask);
      const data = store.tenant(call.tenantId);
      const stored = await data.get(resourceServers, request.resourceServerId);
      if (stored === undefined) throw resourceServerNotFound(request.resourceServerId);
      const mismatch = () =>
        failure(ErrorReason.ETAG_MISMATCH, "etag: the resource server was changed meanwhile; read it again");
      if (asked.etag !== "" && asked.etag !== resourceServerEtag(stored.version)) throw mismatch();

      const now = clock();
      const record = create(StoredResourceServerSchema, {
        ...stored.record,
        ...changes(paths, asked, lifetimes.accessToken),
        updateTime: timestampFromMs(now),
      });
      const mappers = "resource_server.claim_mappers";
      refuseFaults([
        ...settingsFaults(record),
        ...(await namedClientFaults(data, record, stored.record)),
        ...(await unknownAttributeFaults(peers, call, record.claimMappers, mappers, stored.record.claimMappers)),
      ]);
      await signingKeys.prepare(call, algOf({ kid: "", alg: record.signingAlg }));
      const version = stored.version + 1;
      const updated = eventOf(
        call,
        now,
        { type: "resource_server", id: record.id, version },
        { case: "resourceServerUpdated", value: { $typeName: "koder.events.v1.ResourceServerUpdated", paths } },
      );
      const isDone = await commitUnlessChanged(data, [replace(resourceServers, record, stored.version)], [updated]);
      if (!isDone) throw mismatch();
      dependencies.resourceServers.forget(call.tenantId);
      return create(UpdateResourceServerResponseSchema, { resourceServer: resourceServerMessage({ record, version }) });
    });
}

/** The settings that the paths name. Throws RESOURCE_SERVER_INVALID for a path that cannot be changed. */
function changes(paths: readonly string[], asked: ResourceServer, lifetime: number): Partial<ResourceServerSettings> {
  refuseFaults(
    paths
      .filter((path) => !Object.hasOwn(settingOf, path))
      .map((path) => ({ field: `resource_server.${path}`, description: "cannot be changed" })),
  );
  const settings = resourceServerSettings(asked, lifetime);
  return Object.fromEntries(
    paths.flatMap((path) => {
      const name = settingOf[path];
      return name === undefined ? [] : [[name, settings[name]]];
    }),
  );
}
