import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";

/** Of scopes that were granted or asked for, those that a client may have now: what is taken from it counts from the next use on. */
export const allowedScopes = ({ scopes: own }: Pick<Client, "scopes">, scopes: readonly string[]): readonly string[] =>
  scopes.filter((scope) => own.includes(scope));
