import { randomUUID } from "node:crypto";
import { rest, type Instance } from "../../support/relying-party.ts";
import { createTenant, provenDomain } from "../../support/tenants.ts";
import type { PublicWrite } from "./public-write.ts";

let made = 0;
const freshDomain = (): string => `login.company-${(made += 1)}.example`;

/** A call about a new tenant. */
const about =
  (method: string, tail = "", body?: object) =>
  async (server: Instance) => {
    const path = `/v1/admin/tenants/${(await createTenant(server)).id}${tail}`;
    return { call: async () => (await rest(server, method, path, body)).status };
  };

/** Writes about tenants: the admin service does each alone. */
export const tenantWrites: readonly PublicWrite[] = [
  {
    name: "Create a tenant",
    covers: ["koder.admin.v1.TenantService/CreateTenant"],
    prepare: (server) => {
      const id = randomUUID();
      const path = `/v1/admin/tenants?request_id=${id}`;
      const tenant = { slug: `t${id.slice(0, 8)}` };
      return Promise.resolve({ call: async () => (await rest(server, "POST", path, tenant)).status });
    },
  },
  {
    name: "Change a tenant",
    covers: ["koder.admin.v1.TenantService/UpdateTenant"],
    prepare: about("PATCH", "", { display_name: "Another name" }),
  },
  {
    name: "Suspend a tenant",
    covers: ["koder.admin.v1.TenantService/SuspendTenant"],
    prepare: about("POST", "/suspend", {}),
  },
  {
    name: "Resume a tenant",
    covers: ["koder.admin.v1.TenantService/ResumeTenant"],
    prepare: async (server) => {
      const path = `/v1/admin/tenants/${(await createTenant(server)).id}`;
      await rest(server, "POST", `${path}/suspend`, {});
      return { call: async () => (await rest(server, "POST", `${path}/resume`, {})).status };
    },
  },
  {
    name: "Delete a tenant",
    covers: ["koder.admin.v1.TenantService/DeleteTenant"],
    prepare: about("DELETE"),
  },
  {
    name: "Add a domain to a tenant",
    covers: ["koder.admin.v1.TenantService/AddTenantDomain"],
    prepare: (server) => about("POST", "/domains", { domain: freshDomain() })(server),
  },
  {
    name: "Verify a tenant's domain",
    covers: ["koder.admin.v1.TenantService/VerifyTenantDomain"],
    prepare: async (server) => {
      const path = await provenDomain(server, (await createTenant(server)).slug, freshDomain());
      return { call: async () => (await rest(server, "POST", `${path}/verify`, {})).status };
    },
  },
  {
    name: "Take a domain from a tenant",
    covers: ["koder.admin.v1.TenantService/RemoveTenantDomain"],
    prepare: async (server) => {
      const path = await provenDomain(server, (await createTenant(server)).slug, freshDomain());
      return { call: async () => (await rest(server, "DELETE", path)).status };
    },
  },
];
