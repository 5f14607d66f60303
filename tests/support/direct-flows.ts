import { expect } from "vitest";
import { changeAuthenticationPolicy } from "./authentication-policy.ts";
import { overrideFor } from "./client-overrides.ts";
import {
  authorizationRequest,
  clientRequest,
  createPerson,
  registerClient,
  rest,
  type Instance,
  type RelyingParty,
} from "./relying-party.ts";

/** Lets clients, and no others, sign people in outside of the sign-in pages. */
export async function allowDirectFlows(server: Instance, ...clients: readonly RelyingParty[]): Promise<void> {
  const client_overrides = clients.map(({ clientId }) => ({ client_id: clientId, direct_flows: true }));
  await changeAuthenticationPolicy(server, { client_overrides });
}

/** A new person, and a new client that may do so, beside those that may already. */
export async function directFlows(
  server: Instance,
): Promise<{ readonly id: string; readonly username: string; readonly client: RelyingParty }> {
  const [person, client] = [await createPerson(server), await registerClient(server)];
  await overrideFor(server, client, { direct_flows: true });
  return { ...person, client };
}

/** A step of a flow, without any credential. */
export const flowStep = (server: Instance, path: string, body: unknown) =>
  rest(server, "POST", `/v1/auth/flows${path}`, body, "");

/** Starts a flow, and answers its id. */
export async function startFlow(server: Instance, client: RelyingParty, username: string): Promise<string> {
  const { status, json } = await flowStep(server, "", { client_id: client.clientId, username });
  expect(status, JSON.stringify(json)).toBe(200);
  return String(json["id"]);
}

/** Pushes a request with a login handle, and with parameters that are otherwise; those that are empty are left out. */
export async function pushWithHandle(
  server: Instance,
  client: RelyingParty,
  handle: string,
  parameters: Readonly<Record<string, string>> = {},
) {
  const { url, codeVerifier } = authorizationRequest(server, client, parameters);
  const form = new URL(url).searchParams;
  for (const [name, value] of Object.entries(parameters)) if (value === "") form.delete(name);
  form.set("login_handle", handle);
  return { ...(await clientRequest(server, client, "/oauth/v2/par", form)), codeVerifier };
}
