import { passkeyOptionsOn } from "../../tests/support/passkey-page.ts";
import { softwareAuthenticator, type SoftwareAuthenticator } from "../../tests/support/software-authenticator.ts";
import { connections, createByRest, sendForm } from "../http-client.ts";
import type { Case } from "../measure.ts";
import { journey } from "./journey.ts";
import type { Provider } from "./provider.ts";

/** Gives the person of each worker a passkey; answers the journey in which they sign in with it. */
export async function passkeyJourney(provider: Provider): Promise<Case> {
  const { site, signIn } = provider;
  const authenticators: SoftwareAuthenticator[] = [];
  for (let worker = 0; worker < connections; worker++) authenticators.push(await withPasskey(provider, worker));
  const fill = (page: URL, worker: number, html: string) => ({
    path: "/sign-in",
    form: {
      authorization: page.searchParams.get("authorization") ?? "",
      passkey: authenticators[worker]?.get(passkeyOptionsOn(html)) ?? "",
    },
  });
  return { request: async (worker) => void (await journey(site, { ...signIn, fill }, worker)) };
}

/** Signs the person of a worker in by the password, and adds a passkey for them. */
async function withPasskey(provider: Provider, worker: number): Promise<SoftwareAuthenticator> {
  const { site, signIn, codeClient, redirectUri, codeVerifier, tokenPath } = provider;
  const { code } = await journey(site, signIn, worker);
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: codeVerifier };
  const basic = Buffer.from(`${codeClient.clientId}:${codeClient.clientSecret}`).toString("base64");
  const { body } = await sendForm(site, tokenPath, form, { authorization: `Basic ${basic}` });
  const { access_token: accessToken = "" } = JSON.parse(body) as Record<string, string>;
  const path = "/v1/me/mfa/webauthn/register";
  const begun = await createByRest(site, accessToken, `${path}/begin`, {});
  const authenticator = softwareAuthenticator({ origin: site.origin });
  await createByRest(site, accessToken, `${path}/finish`, {
    factor_id: begun["factor_id"],
    credential_json: authenticator.create(begun["options_json"] ?? ""),
  });
  return authenticator;
}
