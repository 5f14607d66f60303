import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect } from "vitest";
import { makeAuthority, type Authority } from "../../support/certificates.ts";
import { freePort } from "../../support/free-port.ts";
import { rest } from "../../support/relying-party.ts";
import { startServer, type RunningServer } from "../../support/server.ts";

/** A person with every claim of OpenID Connect Core §5.1 filled in. */
export const person = {
  username: "jane.doe",
  password: "correct horse battery staple",
  email: "jane.doe@koder.dev",
  email_verified: true,
  name: "Jane Mary Doe",
  given_name: "Jane",
  family_name: "Doe",
  middle_name: "Mary",
  nickname: "Janie",
  profile: "https://example.com/jane",
  picture: "https://example.com/jane.png",
  website: "https://jane.example.com",
  gender: "female",
  birthdate: "1980-02-29",
  zoneinfo: "Europe/Lisbon",
  locale: "pt-PT",
  phone_number: "+351210000000",
  phone_number_verified: true,
  address: {
    formatted: "Rua Augusta 1\n1100-053 Lisboa\nPortugal",
    street_address: "Rua Augusta 1",
    locality: "Lisboa",
    region: "Lisboa",
    postal_code: "1100-053",
    country: "PT",
  },
} as const;

/** Lets the confidential clients of the tenant go without PKCE, those that register themselves too. */
export async function liftPkce(provider: RunningServer): Promise<void> {
  const policy = { require_pkce_of_confidential_clients: false };
  const lifted = await rest(provider, "PATCH", "/v1/admin/policies/oauth", policy);
  expect(lifted.status, JSON.stringify(lifted.json)).toBe(200);
}

/** A provider as the Foundation's suite meets it: over TLS, with one person who has every claim. */
export interface Provider extends RunningServer {
  /** The discovery document. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** One of its endpoints, as discovery names it. */
  endpoint(name: string): string;
  /** Issues certificates that the provider trusts for the hosts it may call on loopback. */
  readonly authority: Authority;
}

/**
 * Starts a provider over TLS. The calling process trusts its certificate from then on. `receivers`: ports on localhost that it may call, where a test listens as a client.
 */
export async function startProvider({
  receivers = [],
}: { readonly receivers?: readonly number[] } = {}): Promise<Provider> {
  const folder = mkdtempSync(join(tmpdir(), "koder-id-conformance-"));
  const authority = makeAuthority(folder);
  const { certFile, keyFile } = authority.issue("provider");
  setDefaultCACertificates([...getCACertificates("default"), readFileSync(authority.certFile, "utf8")]);
  const port = await freePort();
  const server = await startServer({
    env: {
      KODER_ID_LISTEN: `127.0.0.1:${port}`,
      KODER_ID_PUBLIC_URL: `https://localhost:${port}`,
      KODER_ID_TLS_CERT: certFile,
      KODER_ID_TLS_KEY: keyFile,
      ...(receivers.length === 0
        ? {}
        : { KODER_ID_OUTBOUND_EXEMPT: receivers.map((at) => `localhost:${at}=${authority.certFile}`).join(",") }),
    },
  });
  const created = await rest(server, "POST", "/v1/users", person);
  expect(created.status, JSON.stringify(created.json)).toBe(200);
  const discovery = await fetch(`${server.url}/.well-known/openid-configuration`);
  const metadata = (await discovery.json()) as Record<string, unknown>;
  return {
    ...server,
    metadata,
    authority,
    endpoint: (name) => {
      const value = metadata[name];
      expect(value, name).toEqual(expect.stringMatching(/^https:\/\//));
      return String(value);
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
