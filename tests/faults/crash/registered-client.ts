import { expect } from "vitest";
import {
  initialAccessToken,
  registration,
  rest,
  type Instance,
  type RelyingParty,
} from "../../support/relying-party.ts";

/** The client configuration endpoint, as the list of endpoints has it. */
export const registrationPath = "/oauth/v2/register/01JZZZZZZZZZZZZZZZZZZZZZZZ";

/** A client that registered itself, and the token by which it manages its registration. */
export async function registered(server: Instance): Promise<RelyingParty & { readonly token: string }> {
  const redirectUri = "https://app.example.com/cb";
  const { status, json } = await registration(server, "POST", {
    token: await initialAccessToken(server),
    body: { redirect_uris: [redirectUri], grant_types: ["authorization_code", "refresh_token"] },
  });
  expect(status, JSON.stringify(json)).toBe(201);
  // Its people are not asked for consent, so that what is cut are the writes of one kind.
  await rest(server, "PATCH", `/v1/clients/${String(json["client_id"])}`, { first_party: true });
  return {
    clientId: String(json["client_id"]),
    clientSecret: String(json["client_secret"]),
    redirectUri,
    token: String(json["registration_access_token"]),
  };
}
