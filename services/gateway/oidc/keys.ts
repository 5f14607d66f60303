import { durationMs } from "@bufbuild/protobuf/wkt";
import type { FastifyInstance } from "fastify";
import { MetadataService, type JsonWebKey } from "#gen/koder/oauth/v1/metadata_internal_pb.ts";
import { forward } from "../../host/call.ts";
import type { Peers } from "../../host/peers.ts";
import type { LogEntry } from "../../store/store.ts";
import { contextOf } from "../context.ts";
import { allowPreflight } from "./cors.ts";
import { preparedAnswer, type PreparedAnswer } from "./prepared-answer.ts";

/** The key sets of tenants (RFC 7517 §5), as they are answered. */
export interface KeySets {
  readonly answer: PreparedAnswer["answer"];
  /** Asks anew for the keys of the tenant of which an event tells: the first key of an algorithm signs at once. */
  readonly forget: (entry: Pick<LogEntry, "tenantId" | "event">) => void;
}

/** Key sets as the oauth service has them. `clock` in milliseconds. */
export function createKeySets({ peers, clock }: { readonly peers: Peers; readonly clock: () => number }): KeySets {
  const { answer, forget } = preparedAnswer({
    clock,
    contentType: "application/jwk-set+json; charset=utf-8",
    async make(request) {
      const { keys, maxAge } = await peers.client(MetadataService).getKeys({}, forward(contextOf(request).outbound));
      return {
        document: { keys: keys.map(jwk) },
        // A successor signs only once nobody can have an older set: the service that has the keys says how long that is.
        maxAge: maxAge === undefined ? 0 : Math.floor(durationMs(maxAge) / 1000),
      };
    },
  });
  return {
    answer,
    forget({ tenantId, event }) {
      if (event.resourceType === "signing_key") forget(tenantId);
    },
  };
}

/** Adds the key set and its alias. */
export function mountKeys(app: FastifyInstance, { keySets }: { readonly keySets: KeySets }): void {
  for (const path of ["/oauth/v2/keys", "/.well-known/jwks.json"]) {
    allowPreflight(app, path, "GET");
    app.get(path, keySets.answer);
  }
}

const members = ["kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"] as const;

const jwk = (key: JsonWebKey): object =>
  Object.fromEntries(members.filter((name) => key[name] !== "").map((name) => [name, key[name]]));
