import type { Client } from "#gen/koder/oauth/store/v1/client_pb.ts";
import type { LogoutRedirect, RequestLogoutRequest } from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { LogoutRedirectSchema } from "#gen/koder/oauth/v1/logout_internal_pb.ts";
import { create } from "@bufbuild/protobuf";
import type { Call } from "../../host/call.ts";
import { checkDuplicates } from "../check-duplicates.ts";
import type { Clients } from "../clients/clients.ts";
import { OAuthRefusal } from "../oauth-error.ts";
import type { IdTokenHint } from "../token/id-token-hint.ts";

/** What a logout request comes to. */
export interface LogoutRequest {
  /** The client that asks, by its id token or by its name; undefined where neither is good. */
  readonly client: Client | undefined;
  /** Where the person may be led: a URI that this client registered. */
  readonly back: LogoutRedirect | undefined;
  /** The hint, where it is good and nothing else of the request contradicts it. */
  readonly hint: IdTokenHint | undefined;
  /** Why the person is not led where the request asked for; empty where nothing is wrong. */
  readonly fault: string;
}

/**
 * Checks a logout request (OpenID Connect RP-Initiated Logout §2 to §4). A person who wants to sign out is let do so
 * whatever else the request says; what is wrong with it only keeps them from being led on. Throws an OAuthRefusal for a
 * request that cannot be read.
 */
export async function readLogoutRequest(
  clients: Clients,
  call: Call,
  parameters: RequestLogoutRequest,
  hint: IdTokenHint | undefined,
): Promise<LogoutRequest> {
  checkDuplicates(parameters);
  try {
    checkHint(parameters, hint);
    const client = await checkClient(clients, call, parameters, hint);
    return { client, hint, ...checkRedirectUri(client, parameters) };
  } catch (error) {
    if (!(error instanceof OAuthRefusal)) throw error;
    return { client: undefined, back: undefined, hint: undefined, fault: error.message };
  }
}

/** A hint is good, and of the client that is named beside it (§2). */
function checkHint({ idTokenHint, clientId }: RequestLogoutRequest, hint: IdTokenHint | undefined): void {
  if (idTokenHint === "") return;
  if (hint === undefined) throw new OAuthRefusal("invalid_request", "id_token_hint is no id token of this server");
  if (clientId !== "" && clientId !== hint.clientId) {
    throw new OAuthRefusal("invalid_request", "client_id is not the client that id_token_hint was issued to");
  }
}

/** The client, if any is named; one that is gone asks for nothing. */
async function checkClient(
  clients: Clients,
  call: Call,
  { clientId }: RequestLogoutRequest,
  hint: IdTokenHint | undefined,
): Promise<Client | undefined> {
  const named = hint?.clientId ?? clientId;
  if (named === "") return undefined;
  const client = await clients.get(call, named);
  if (client === undefined && hint === undefined) {
    throw new OAuthRefusal("invalid_request", "no client has this client_id");
  }
  return client;
}

/** The same string as one that the client registered, query included; nothing is decoded or matched in part (security A19). */
function checkRedirectUri(
  client: Client | undefined,
  { postLogoutRedirectUri, state }: RequestLogoutRequest,
): Pick<LogoutRequest, "back" | "fault"> {
  if (postLogoutRedirectUri === "") return { back: undefined, fault: "" };
  if (client?.postLogoutRedirectUris.includes(postLogoutRedirectUri) === true) {
    return { back: create(LogoutRedirectSchema, { postLogoutRedirectUri, state }), fault: "" };
  }
  const fault =
    client === undefined
      ? "post_logout_redirect_uri needs an id_token_hint, or the client_id of a client"
      : "post_logout_redirect_uri is not registered for this client";
  return { back: undefined, fault };
}
