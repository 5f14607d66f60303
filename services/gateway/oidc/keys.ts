import { durationMs } from "@bufbuild/protobuf/wkt";
import type { FastifyInstance } from "fastify";
import { MetadataService, type JsonWebKey } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import { contextOf } from "../context.ts";
import { allowPreflight } from "./cors.ts";
import { preparedAnswer } from "./prepared-answer.ts";

/** The key set and its alias (RFC 7517 §5). */
export function mountKeys(
  app: FastifyInstance,
  { peers, clock }: { readonly peers: Peers; readonly clock: () => number },
): void {
  const answer = preparedAnswer({
    clock,
    contentType: "application/jwk-set+json; charset=utf-8",
    async make(request) {
      const { keys, maxAge } = await peers.client(MetadataService).getKeys({}, forward(contextOf(request).outbound));
      return {
        document: { keys: keys.map(jwk) },
        // A new key signs only once nobody can have an older set: the service that has the keys says how long that is.
        maxAge: maxAge === undefined ? 0 : Math.floor(durationMs(maxAge) / 1000),
      };
    },
  });
  for (const path of ["/oauth/v2/keys", "/.well-known/jwks.json"]) {
    allowPreflight(app, path, "GET");
    app.get(path, answer);
  }
}

const members = ["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"] as const;

const jwk = (key: JsonWebKey): object =>
  Object.fromEntries(members.filter((name) => key[name] !== "").map((name) => [name, key[name]]));
