import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { createBoundedCache } from "../../host/bounded-cache.ts";
import type { Call } from "../../host/call.ts";
import type { GuardedFetch } from "../../host/outbound/guarded-fetch.ts";
import type { ForeignKey } from "../../vault/foreign-key.ts";
import { isSignedBy, type ForeignJwt } from "../../vault/foreign-jwt.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import { fetchKeySet, type FetchedKeys } from "./fetch-key-set.ts";
import { parseKeySet } from "./key-set.ts";

/** The keys that clients sign with, registered or at their `jwks_uri`. */
export interface ClientKeys {
  /** Whether one of the client's keys signed this. Throws an OAuthRefusal where its `jwks_uri` has none for us, OVERLOADED where it cannot be asked now. */
  hasSigned(call: Pick<Call, "tenantId">, client: Client, jwt: ForeignJwt): Promise<boolean>;
  /** Fetches the client's keys anew the next time: it was changed. */
  readonly forget: (tenantId: string, clientId: string) => void;
}

interface Known {
  readonly jwksUri: string;
  readonly fetched: FetchedKeys;
  /** When they were last asked for, in milliseconds since the epoch. */
  at: number;
}

/** How long fetched keys are used: as long as our own may be kept by others. */
const remembered = { maxEntries: 1_000, ttl: 300_000 };
/** Between two fetches for a key that is not known: anybody can make such a key up. */
const refetchAfter = 60_000;
/** Between two fetches of what could not be fetched. */
const retryAfter = 10_000;

/** Client keys over a bounded cache. `clock` in milliseconds. */
export function createClientKeys({
  outbound,
  clock,
}: {
  readonly outbound: GuardedFetch;
  readonly clock: () => number;
}): ClientKeys {
  const cache = createBoundedCache<Known>({ ...remembered, clock });
  const underWay = new Map<string, Promise<Known>>();
  // By the record, which `clients` remembers: another version of it is another object.
  const registered = new WeakMap<Client, readonly ForeignKey[]>();
  const keyOf = (tenantId: string, clientId: string) => `${tenantId}/${clientId}`;

  function registeredKeys(client: Client): readonly ForeignKey[] {
    let keys = registered.get(client);
    if (keys === undefined) registered.set(client, (keys = parseKeySet(client.jwks) ?? []));
    return keys;
  }

  /** What is known, unless it was fetched from elsewhere or is `old`, by when it was fetched. */
  async function fetched(tenantId: string, { clientId, jwksUri }: Client, isOld: (known: Known) => boolean) {
    const key = keyOf(tenantId, clientId);
    const load = async () => ({ jwksUri, fetched: await fetchKeySet(outbound, tenantId, jwksUri), at: clock() });
    const known = await cache.get(key, load);
    if (known.jwksUri === jwksUri) return isOld(known) ? fetchedAgain(key, known, load) : known;
    if (cache.peek(key) === known) cache.delete(key);
    return cache.get(key, load);
  }

  /**
   * The first that finds it old has it fetched; those at the same moment wait for the same answer. Keys that are known count meanwhile,
   * and for the rest of their time where there is no answer: anybody can have them fetched again, by a key that they make up.
   */
  function fetchedAgain(key: string, known: Known, load: () => Promise<Known>): Promise<Known> {
    const again = async () => {
      const newer = await load();
      known.at = newer.at;
      if ("fault" in newer.fetched && "keys" in known.fetched) return known;
      if (cache.peek(key) === known) cache.delete(key);
      return cache.get(key, () => Promise.resolve(newer));
    };
    let fetching = underWay.get(key);
    if (fetching === undefined) underWay.set(key, (fetching = again().finally(() => underWay.delete(key))));
    return fetching;
  }

  function keysIn(known: Known): readonly ForeignKey[] {
    if ("keys" in known.fetched) return known.fetched.keys;
    throw new OAuthRefusal("invalid_client", `jwks_uri of the client could not be read: ${known.fetched.fault}`);
  }

  return {
    async hasSigned({ tenantId }, client, jwt) {
      if (client.jwksUri === "") return findSigner(registeredKeys(client), jwt) === "found";
      const mayBeThere = (known: Known) => "fault" in known.fetched && clock() - known.at >= retryAfter;
      const first = findSigner(keysIn(await fetched(tenantId, client, mayBeThere)), jwt);
      if (first !== "unknown_key") return first === "found";
      const newer = await fetched(tenantId, client, ({ at }) => clock() - at >= refetchAfter);
      return findSigner(keysIn(newer), jwt) === "found";
    },
    forget: (tenantId, clientId) => cache.delete(keyOf(tenantId, clientId)),
  };
}

/** Looks for the key by its `kid`, where both have one; a JWT or a key without one is tried with whatever fits. */
function findSigner(keys: readonly ForeignKey[], jwt: ForeignJwt): "found" | "unknown_key" | "other_key" {
  const { kid } = jwt.header;
  const candidates = kid === undefined ? keys : keys.filter((key) => key.kid === undefined || key.kid === kid);
  if (candidates.some((key) => isSignedBy(jwt, key))) return "found";
  return kid !== undefined && candidates.some((key) => key.kid === kid) ? "other_key" : "unknown_key";
}
