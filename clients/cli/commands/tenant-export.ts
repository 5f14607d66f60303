import type { Command } from "../command.ts";
import { called, serverOptions, serverTransport, serverUsage } from "../server-call.ts";
import { fileOfState, yamlOf } from "../tenant-file/file-of-state.ts";
import { tenantServices } from "../tenant-file/tenant-services.ts";
import { readTenantState } from "../tenant-file/tenant-state.ts";

/** `koder-id tenant export`: writes what a tenant has as a file for `tenant apply`, without people and without secrets. */
export const tenantExport: Command = {
  summary: "Write a tenant as a file for `tenant apply`: YAML, or JSON with --json; no people, no secrets",
  usage: serverUsage,
  options: { ...serverOptions },
  async run(args, terminal) {
    const { values } = args;
    const tenant = typeof values["tenant"] === "string" ? values["tenant"] : undefined;
    const services = tenantServices(serverTransport(args, terminal), tenant);
    const wantsTenant = tenant !== undefined;
    const state = await called(
      args,
      readTenantState(services, {
        linksOf: () => true,
        outerGroups: [],
        wantsTenant,
        wantsBranding: true,
        wantsMailServer: true,
      }),
    );
    const file = fileOfState(state);
    terminal.out.write(values["json"] === true ? `${JSON.stringify(file, undefined, 2)}\n` : yamlOf(file));
    const left = state.lists.clients.filter(({ fixed }) => fixed).length;
    if (left > 0) terminal.err.write(`Clients that registered themselves are not in it: ${left}.\n`);
    return undefined;
  },
};
