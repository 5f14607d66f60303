import { expect } from "vitest";
import { rest, type Instance } from "./relying-party.ts";

/** Has everybody of a tenant asked to accept this version of its terms; an empty one: nobody. */
export async function askForTerms(
  server: Instance,
  { terms_version, terms_uri }: Readonly<Record<"terms_version" | "terms_uri", string>>,
): Promise<void> {
  const branding = await rest(server, "PATCH", "/v1/admin/branding", { terms_uri });
  expect(branding.status, JSON.stringify(branding.json)).toBe(200);
  const policy = await rest(server, "PATCH", "/v1/admin/policies/authentication", { terms_version });
  expect(policy.status, JSON.stringify(policy.json)).toBe(200);
}
