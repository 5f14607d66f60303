import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { IssuedTokens, IssueTokenRequest } from "#gen/koder/oauth/v1/token_internal_pb.ts";
import type { Call } from "../../host/call.ts";

/** A token request whose client is authenticated and registered for the grant. */
export interface TokenRequest {
  readonly call: Call;
  readonly client: Client;
  readonly parameters: IssueTokenRequest;
  /** Thumbprint of the key that the tokens are to be bound to (RFC 9449 §5); empty for bearer tokens. */
  readonly dpopJkt: string;
}

/** One grant of the token endpoint. Throws an OAuthRefusal for what the standard has an error code for. */
export type GrantHandler = (request: TokenRequest) => Promise<IssuedTokens>;
