import type { FastifyInstance } from "fastify";
import { toJson, type JsonObject } from "@bufbuild/protobuf";
import { GetServerMetadataResponseSchema, MetadataService } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { allowPreflight } from "./cors.ts";
import { preparedAnswer } from "./prepared-answer.ts";

/** Others may keep the document for so long, in seconds. */
const maxAge = 300;

/**
 * Discovery (OpenID Connect Discovery 1.0 §4, RFC 8414 §3): the members of the message under their own names. Flags are
 * written out also where they are false, because the default of `request_uri_parameter_supported` is true.
 */
export function mountDiscovery(
  app: FastifyInstance,
  { peers, clock }: { readonly peers: Peers; readonly clock: () => number },
): void {
  const { answer } = preparedAnswer({
    clock,
    contentType: "application/json; charset=utf-8",
    async make(request) {
      const { outbound } = contextOf(request);
      const metadata = await peers.client(MetadataService).getServerMetadata({}, forward(outbound));
      const json = toJson(GetServerMetadataResponseSchema, metadata, {
        useProtoFieldName: true,
        alwaysEmitImplicit: true,
      }) as JsonObject;
      const members = Object.entries(json).filter(
        ([, value]) => value !== "" && !(Array.isArray(value) && value.length === 0),
      );
      return { document: Object.fromEntries(members), maxAge };
    },
  });
  for (const path of ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"]) {
    allowPreflight(app, path, "GET");
    app.get(path, answer);
  }
}
