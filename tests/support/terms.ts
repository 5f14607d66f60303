import { expect } from "vitest";
import { rest, type Instance } from "./relying-party.ts";

/** Has everybody of a tenant asked to accept this version of its terms; an empty one: nobody. */
export async function askForTerms(
  server: Instance,
  { terms_version, terms_uri }: Readonly<Record<"terms_version" | "terms_uri", string>>,
): Promise<void> {
  const changes: (readonly [string, object])[] = [
    ["/v1/admin/branding", { terms_uri }],
    ["/v1/admin/policies/authentication", { terms_version }],
  ];
  // They have their address for as long as anybody is asked to accept them.
  for (const [path, change] of terms_version === "" ? changes.toReversed() : changes) {
    const { status, json } = await rest(server, "PATCH", path, change);
    expect(status, JSON.stringify(json)).toBe(200);
  }
}
