import type { Client as StoredClient } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { Client } from "#gen/koder/oauth/v1/client_pb.ts";

/** Notes that a field, by its name in the contract, breaks a rule; `description` says what would be right. */
export type Wrong = (field: string, description: string) => void;

/** Checks some of a client's metadata, notes what is wrong with them, and answers them with their defaults filled in. */
export type MetadataPart<Names extends keyof StoredClient> = (
  client: Client,
  wrong: Wrong,
) => Pick<StoredClient, Names>;
