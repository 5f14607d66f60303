import type { AuthorizeRequest } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";

/** An authorization request that every check has passed: what a code, or a pending authorization, is made from. */
export interface AuthorizationRequest {
  readonly client: Client;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string;
  readonly nonce: string;
  /** S256; empty when none was sent and none is needed. */
  readonly codeChallenge: string;
  readonly prompt: ReadonlySet<string>;
  /** Seconds; undefined: any age. */
  readonly maxAge: number | undefined;
  readonly loginHint: string;
  readonly uiLocales: string;
}

/** The parameters as received. */
export type AuthorizationParameters = AuthorizeRequest;
