import { hash } from "node:crypto";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import { createBoundedCache } from "../../../host/bounded-cache.ts";
import type { GuardedFetch } from "../../../host/outbound/guarded-fetch.ts";
import { OutboundFailed } from "../../../host/outbound/outbound-failed.ts";
import { imageType } from "../../../host/images/image-type.ts";

/** A picture that may be shown. */
export interface Logo {
  readonly image: Uint8Array;
  readonly mediaType: string;
}

/** The logos of clients, fetched by us, so that no page of ours asks a stranger for anything (security A17, A18). */
export interface ClientLogos {
  /** Undefined where the client has none, or none that could be fetched and may be shown. */
  get(tenantId: string, client: Pick<Client, "clientId" | "logoUri">): Promise<Logo | undefined>;
}

/** Largest picture, in bytes. */
const maxBytes = 262_144;
/** Of all tenants together: at most 16 MiB. */
const remembered = { maxEntries: 64, ttl: 3_600_000 };
/** A host that does not give a picture is not asked again for so long: whoever loads our page cannot make us hammer it. */
const failures = { maxEntries: 1_000, ttl: 60_000 };

/** What changes with the address of a client's logo; empty where it has none. */
export const logoVersion = ({ logoUri }: Pick<Client, "logoUri">): string =>
  logoUri === "" ? "" : hash("sha256", logoUri, "hex").slice(0, 16);

/** Logos over bounded caches, by their address: a client that changes its own has the new one at once. */
export function createClientLogos({
  outbound,
  clock,
}: {
  readonly outbound: GuardedFetch;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}): ClientLogos {
  const logos = createBoundedCache<Logo>({ ...remembered, clock });
  const failed = createBoundedCache<true>({ ...failures, clock });

  async function load(tenantId: string, logoUri: string): Promise<Logo> {
    const { status, body } = await outbound.get(logoUri, {
      tenantId,
      accept: "image/webp, image/png, image/jpeg, image/gif",
      maxBytes,
    });
    const mediaType = status === 200 ? imageType(body) : undefined;
    if (mediaType === undefined) throw new NoPicture("the host gave no picture");
    return { image: body, mediaType };
  }

  return {
    async get(tenantId, { clientId, logoUri }) {
      if (logoUri === "") return undefined;
      // Neither id holds a space.
      const key = `${tenantId} ${clientId} ${logoUri}`;
      if (failed.peek(key) === true) return undefined;
      try {
        return await logos.get(key, () => load(tenantId, logoUri));
      } catch (error) {
        if (!(error instanceof OutboundFailed) && !(error instanceof NoPicture)) throw error;
        // Where too much is under way the host was not asked.
        if (error instanceof OutboundFailed && error.fault === "busy") return undefined;
        await failed.get(key, () => Promise.resolve(true));
        return undefined;
      }
    },
  };
}

/** An answer without a picture in it. */
class NoPicture extends Error {
  override readonly name = "NoPicture";
}
