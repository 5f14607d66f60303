import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { rest, type Instance } from "./relying-party.ts";
import type { RunningServer } from "./server.ts";

/** Loaded before a server whose TXT records a test writes (`publishTxt`). */
export const txtRecords = join(import.meta.dirname, "txt-records-preload.ts");

/** A server with the folder of its data. */
export type InstanceWithData = Instance & Pick<RunningServer, "dataDir">;

/** Writes the TXT records that there are from now on. */
export function publishTxt(
  { dataDir }: Pick<RunningServer, "dataDir">,
  records: Readonly<Record<string, string[]>>,
): void {
  writeFileSync(join(dataDir, "txt-records.json"), JSON.stringify(records));
}

let made = 0;

/** A new tenant: its id, slug, and host. */
export async function createTenant(
  server: Instance,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly id: string; readonly slug: string; readonly host: string }> {
  made += 1;
  const { status, json } = await rest(server, "POST", "/v1/admin/tenants", { slug: `tenant-${made}`, ...settings });
  expect(status, JSON.stringify(json)).toBe(200);
  const origin = String(json["canonical_origin"]);
  return { id: String(json["id"]), slug: String(json["slug"]), host: origin.slice(origin.indexOf("//") + 2) };
}

/** Adds a domain to a tenant and publishes its proof. */
export async function provenDomain(server: InstanceWithData, slug: string, domain: string): Promise<string> {
  const path = `/v1/admin/tenants/${slug}/domains`;
  const { status, json } = await rest(server, "POST", path, { domain });
  expect(status, JSON.stringify(json)).toBe(200);
  publishTxt(server, { [String(json["record_name"])]: ["v=spf1 -all", String(json["record_value"])] });
  return `${path}/${domain}`;
}
