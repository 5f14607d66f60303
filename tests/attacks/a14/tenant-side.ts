import { expect } from "vitest";
import {
  createPerson,
  registerClient,
  rest,
  tokenRequest,
  tokensFor,
  type Instance,
  type RelyingParty,
} from "../../support/relying-party.ts";
import { createTenant } from "../../support/tenants.ts";

/** One of the two tenants: what an administrator there has, and how more is made there. */
export interface TenantSide extends Instance {
  readonly id: string;
  readonly slug: string;
  /** Stands in the name of whatever is made here that has one. */
  readonly marker: string;
  /** A service account that may do everything in the tenant, and nothing beyond it. */
  readonly owner: string;
  /** A person who may do nothing but what concerns themselves. */
  readonly person: { readonly id: string; readonly username: string; readonly token: string };
  /** Makes something as the instance's administrator; answers its JSON. */
  make(path: string, body: object, method?: string): Promise<Record<string, unknown>>;
  /** A new person's id. */
  user(): Promise<string>;
  /** A new client's id. */
  client(): Promise<string>;
  /** A person with a session, signed in to a client. */
  signedIn(): Promise<{ readonly userId: string; readonly sessionId: string; readonly client: RelyingParty }>;
}

let people = 0;

/** A new tenant. `permissions` is every permission that there is. */
export async function tenantSide(server: Instance, permissions: readonly string[]): Promise<TenantSide> {
  const { id, slug, host } = await createTenant(server);
  const instance = { url: `http://${host}`, adminApiKey: server.adminApiKey };
  const marker = `MARK-OF-${slug.toUpperCase()}`;
  const make: TenantSide["make"] = async (path, body, method = "POST") => {
    const { status, json } = await rest(instance, method, path, body);
    expect(status, `${path}: ${JSON.stringify(json)}`).toBe(200);
    return json;
  };
  const account = await registerClient(instance, {
    client_name: marker,
    grant_types: ["client_credentials"],
    redirect_uris: [],
    scope: permissions.join(" "),
  });
  await make("/v1/roles/owner/assignments", { client_id: account.clientId });
  const { json } = await tokenRequest(instance, account, { grant_type: "client_credentials" });
  const person = await createPerson(instance);
  // What people do for themselves may need a scope as well.
  const scope = "openid profile email offline_access tokens.write";
  const personal = await registerClient(instance, { scope });
  const tokens = await tokensFor(instance, personal, person.username, { parameters: { scope } });
  return {
    ...instance,
    id,
    slug,
    marker,
    make,
    owner: String(json["access_token"]),
    person: { ...person, token: tokens.accessToken },
    async user() {
      people += 1;
      const username = `nobody-signs-in-${people}`;
      return String((await make("/v1/users", { username, email: `${username}@koder.dev`, name: marker }))["id"]);
    },
    client: async () => (await registerClient(instance, { client_name: marker })).clientId,
    async signedIn() {
      const { id: userId, username } = await createPerson(instance);
      const client = await registerClient(instance, {
        client_name: marker,
        backchannel_logout_uri: "https://localhost/logout",
      });
      await tokensFor(instance, client, username);
      const listed = await rest(instance, "GET", `/v1/users/${userId}/sessions`);
      const [session] = listed.json["sessions"] as readonly { readonly id: string }[];
      return { userId, sessionId: session?.id ?? "", client };
    },
  };
}
