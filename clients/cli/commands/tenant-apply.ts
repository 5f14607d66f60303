import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError, type Arguments, type Command } from "../command.ts";
import { called, serverOptions, serverTransport, serverUsage } from "../server-call.ts";
import { largestFile } from "../tenant-file/located-document.ts";
import { makeChanges } from "../tenant-file/make-changes.ts";
import { createTenant, isMissing, stateOfNewTenant } from "../tenant-file/new-tenant.ts";
import { linkName, planChanges } from "../tenant-file/plan.ts";
import { changeJson, changeText, keptText } from "../tenant-file/plan-text.ts";
import { readTenantFile } from "../tenant-file/tenant-file.ts";
import { unseenSecrets, unseenText } from "../tenant-file/unseen-secrets.ts";
import { tenantServices } from "../tenant-file/tenant-services.ts";
import { readTenantState } from "../tenant-file/tenant-state.ts";

/** `koder-id tenant apply`: makes a tenant as a file says it is. */
export const tenantApply: Command = {
  summary: "Make a tenant as a YAML or JSON file says it is; --dry-run shows the changes first",
  usage: `<file> [--dry-run] [--prune] [--create] ${serverUsage}`,
  mostArguments: 1,
  options: {
    ...serverOptions,
    "dry-run": { type: "boolean" },
    prune: { type: "boolean" },
    create: { type: "boolean" },
  },
  async run(args, terminal) {
    const { positionals, values } = args;
    const [path] = positionals;
    if (path === undefined) throw new UsageError("name the file");
    const file = readTenantFile(readText(path), path, { env: terminal.env, folder: dirname(path) });
    const tenant = typeof values["tenant"] === "string" ? values["tenant"] : undefined;
    if (file.singles.tenant !== undefined && tenant === undefined) {
      throw new UsageError("the section tenant goes with --tenant, and a key with authority over the instance");
    }
    const wantsNew = values["create"] === true;
    if (wantsNew && tenant === undefined) {
      throw new UsageError("--create goes with --tenant, the name of the tenant that is created where there is none");
    }
    const services = tenantServices(serverTransport(args, terminal), tenant);
    const linked = new Set(
      Object.entries(file.lists).flatMap(([key, declared]) =>
        declared.filter(({ links }) => Object.keys(links).length > 0).map(({ name }) => `${key} ${name}`),
      ),
    );
    const outerGroups = (file.lists.groups ?? []).flatMap(({ links }) => links["member_of"] ?? []);
    const readState = () =>
      readTenantState(services, {
        linksOf: (key, name) => linked.has(`${key} ${name}`),
        outerGroups: outerGroups.map((name) => linkName("groups", name)),
        wantsTenant: file.singles.tenant !== undefined,
        wantsBranding:
          file.singles.branding !== undefined ||
          file.singles.mail_settings !== undefined ||
          file.lists.mail_templates !== undefined,
        wantsMailServer: file.singles.mail_server !== undefined,
      });
    const [dryRun, json, prune] = [values["dry-run"] === true, values["json"] === true, values["prune"] === true];
    const { out, err } = terminal;
    // Of a tenant that is not there nobody can be asked in its name.
    const instance = tenantServices(serverTransport(withoutTenant(args), terminal), undefined);
    const slug = wantsNew ? (tenant ?? "") : "";
    const isNew = slug !== "" && (await called(args, isMissing(instance, slug)));
    let state = await called(args, isNew ? stateOfNewTenant(instance) : readState());
    let plan = planChanges(file, state, { prune });
    if (isNew && !dryRun) await called(args, createTenant(instance, slug, file.singles.tenant));
    if (isNew && !json) out.write(`+ tenant ${slug}\n`);
    if (isNew && !dryRun) {
      state = await called(args, readState());
      plan = planChanges(file, state, { prune });
    }
    // What a file says of the tenant itself, a new one was created with.
    const all = [...plan.lists, ...plan.singles.filter(({ key }) => !isNew || key !== "tenant")];
    const unseen = unseenSecrets(plan);
    // Said first: whatever stops the changes, these may be made.
    if (!json && unseen.length > 0) err.write(unseenText(unseen));
    if (dryRun) {
      if (!json) out.write(all.map((change) => `${changeText(change)}\n`).join(""));
    } else {
      await called(
        args,
        makeChanges(services, plan, state, (change) => {
          if (!json) out.write(`${changeText(change)}\n`);
        }),
      );
    }
    if (json) {
      const changes = [...(isNew ? [{ action: "create", section: "tenant", name: slug }] : []), ...all.map(changeJson)];
      out.write(`${JSON.stringify({ dry_run: dryRun, changes, kept: plan.kept, unseen_secrets: unseen })}\n`);
    } else if (all.length === 0 && !isNew) out.write("Nothing is to be changed.\n");
    if (!json && plan.kept.length > 0) err.write(keptText(plan.kept));
    return undefined;
  },
};

const withoutTenant = ({ positionals, values }: Arguments): Arguments => ({
  positionals,
  values: { ...values, tenant: undefined },
});

function readText(path: string): string {
  try {
    if (statSync(path).size > largestFile) throw new Error(`it is larger than ${largestFile} bytes`);
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
