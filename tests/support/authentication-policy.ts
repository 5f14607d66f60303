import { expect } from "vitest";
import { rest, type Instance } from "./relying-party.ts";

/** Changes the policy for the sign-ins of an instance's people: what is named, and nothing else. */
export async function changeAuthenticationPolicy(
  server: Instance,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { status, json } = await rest(server, "PATCH", "/v1/admin/policies/authentication", change);
  expect(status, JSON.stringify(json)).toBe(200);
}
