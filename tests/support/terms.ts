import { expect } from "vitest";
import { changeAuthenticationPolicy } from "./authentication-policy.ts";
import { rest, type Instance } from "./relying-party.ts";

/** Has everybody of a tenant asked to accept this version of its terms; an empty one: nobody. */
export async function askForTerms(
  server: Instance,
  { terms_version, terms_uri }: Readonly<Record<"terms_version" | "terms_uri", string>>,
): Promise<void> {
  const link = async () => {
    const { status, json } = await rest(server, "PATCH", "/v1/admin/branding", { terms_uri });
    expect(status, JSON.stringify(json)).toBe(200);
  };
  const ask = () => changeAuthenticationPolicy(server, { terms_version });
  // They have their address for as long as anybody is asked to accept them.
  for (const step of terms_version === "" ? [ask, link] : [link, ask]) await step();
}
