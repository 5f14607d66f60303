import type { RelyingParty } from "../../support/relying-party.ts";
import type { ClientRequest } from "./client-request.ts";

/** A token request of a confidential client (RFC 6749 §2.3.1, §3.2). */
export function tokenRequestOf(
  { clientId, clientSecret }: RelyingParty,
  form: Readonly<Record<string, string>>,
): ClientRequest {
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString("base64");
  return { method: "POST", path: "/oauth/v2/token", headers: { authorization: `Basic ${basic}` }, form };
}
