import { create } from "@bufbuild/protobuf";
import { RequestingClientSchema, type RequestingClient } from "#gen/koder/oauth/v1/authorization_internal_pb.ts";
import { logoVersion } from "../clients/logos/client-logos.ts";
import type { AuthorizationState } from "./authorization-request.ts";

/** The client of a request as people see it who are asked something for it. */
export function requestingClient({
  client,
  authorization,
}: Pick<AuthorizationState, "client" | "authorization">): RequestingClient {
  const { clientId, clientName, clientUri, policyUri, tosUri, dynamicallyRegistered: unverified } = client;
  const returnsTo = placeOf(authorization.redirectUri);
  return create(RequestingClientSchema, {
    clientId,
    clientName,
    clientUri,
    policyUri,
    tosUri,
    unverified,
    returnsTo,
    logoVersion: logoVersion(client),
  });
}

/**
 * Host and port of a URL of the web; of any other URI its scheme, which names an application on the person's device. Empty
 * for a device, which the person goes back to by themselves.
 */
function placeOf(redirectUri: string): string {
  if (redirectUri === "") return "";
  const { host, protocol } = new URL(redirectUri);
  return protocol === "https:" || protocol === "http:" ? host : protocol.slice(0, -1);
}
