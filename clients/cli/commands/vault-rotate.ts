import { loadConfig } from "../../../services/host/config.ts";
import { readDuration } from "../../../services/host/read-duration.ts";
import { UsageError, type Arguments, type Command, type Terminal } from "../command.ts";
import { createProgress, type Progress } from "../progress.ts";
import type { MasterKeyRotated, TellPart } from "../../../services/assembly/vault-rotation.ts";

/** `koder-id vault rotate`: new keys for what is sealed at rest, beside servers that go on. */
export const vaultRotate: Command = {
  summary: "Rotate the master key, or with --tenant-keys the data keys of tenants; repeat it when it was interrupted",
  usage: "[--retire | --prepare | --to <master key id> | --tenant-keys [tenant …] [--older-than 1d] [--use-after 2m]]",
  mostArguments: Number.POSITIVE_INFINITY,
  options: {
    retire: { type: "boolean" },
    prepare: { type: "boolean" },
    to: { type: "string" },
    "tenant-keys": { type: "boolean" },
    "older-than": { type: "string" },
    "use-after": { type: "string" },
  },
  async run(args, terminal) {
    const wanted = readWish(args);
    const config = loadConfig(terminal.env);
    const shown = createShown(terminal);
    const { refuseMissing } = await import("../open-existing-store.ts");
    refuseMissing(config.store);
    const { withVaultRotation } = await import("../../../services/assembly/vault-rotation.ts");
    const { json, text } = await withVaultRotation(config, shown.tell, async (rotation) => {
      switch (wanted.what) {
        case "prepare": {
          const id = await rotation.prepareMasterKey();
          return {
            json: { prepared: id },
            text: `The master key ${id} is in ${config.masterKeyFile} and wraps nothing yet. Bring the file to every\nmachine that serves, then call: koder-id vault rotate --to ${id}`,
          };
        }
        case "master key": {
          const done = await rotation.rotateMasterKey(wanted);
          const { masterKey, isNew, keys, wrapped, kept, retired } = done;
          return {
            json: { master_key: masterKey, is_new: isNew, keys, wrapped, kept, retired },
            text: masterKeyText(done, config.masterKeyFile),
          };
        }
        case "tenant keys": {
          const { rotated, young } = await rotation.rotateTenantKeys(wanted);
          const left = young === 0 ? "" : ` Left alone, as it is young enough: ${young}.`;
          return { json: { rotated, young }, text: `Tenants whose key has a new version: ${rotated}.${left}` };
        }
      }
    }).finally(shown.end);
    terminal.out.write(args.values["json"] === true ? `${JSON.stringify(json)}\n` : `${text}\n`);
    return undefined;
  },
};

type Wish =
  | { readonly what: "prepare" }
  | { readonly what: "master key"; readonly to: string | undefined; readonly retire: boolean }
  | {
      readonly what: "tenant keys";
      readonly tenants: readonly string[];
      readonly olderThan: number;
      readonly useAfter: number | undefined;
    };

/** Throws UsageError for what does not go together. */
function readWish({ values, positionals }: Arguments): Wish {
  const chosen = ["retire", "prepare", "to", "tenant-keys"].filter((name) => values[name] !== undefined);
  if (chosen.length > 1) throw new UsageError(`--${chosen.join(" and --")} do not go together`);
  if (values["tenant-keys"] === true) {
    return {
      what: "tenant keys",
      tenants: positionals,
      olderThan: duration(values, "older-than") ?? 86_400_000,
      useAfter: duration(values, "use-after"),
    };
  }
  const stray = ["older-than", "use-after"].find((name) => values[name] !== undefined);
  if (stray !== undefined) throw new UsageError(`--${stray} goes with --tenant-keys only`);
  if (positionals.length > 0) throw new UsageError(`${positionals.join(" ")}: tenants go with --tenant-keys only`);
  if (values["prepare"] === true) return { what: "prepare" };
  const to = values["to"];
  return { what: "master key", to: typeof to === "string" ? to : undefined, retire: values["retire"] === true };
}

/** The value of an option, in milliseconds; undefined where it is not there. Throws UsageError for what is no length of time. */
function duration(values: Arguments["values"], name: string): number | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  const read = readDuration(String(value));
  if (read === undefined) throw new UsageError(`--${name} must be a length of time such as 1d, 12h, 5m or 0s`);
  return read;
}

function masterKeyText({ masterKey, isNew, keys, wrapped, kept, retired }: MasterKeyRotated, file: string): string {
  const made = isNew ? `The new master key ${masterKey}` : `The master key ${masterKey}`;
  const state = `${made} wraps every tenant key: ${keys}, of which ${wrapped} since this call.`;
  if (retired.length > 0) {
    return `${state}\nRemoved from ${file}: ${retired.join(", ")}. Backups of the store from before need them.`;
  }
  if (kept.length === 0) return state;
  return `${state}\nStill in ${file}: ${kept.join(", ")}. Once every machine that serves has the file,\nand a backup of it is made, call: koder-id vault rotate --retire`;
}

const labels: Readonly<Record<Parameters<TellPart>[0], string>> = {
  wrapped: "Wrapping tenant keys",
  "versions added": "Adding versions",
};

/** A bar for each part, one after the other. */
function createShown({ err }: Pick<Terminal, "err">): { readonly tell: TellPart; readonly end: () => void } {
  let shown: { readonly part: string; readonly progress: Progress } | undefined;
  return {
    tell(part, done, total) {
      if (shown?.part !== part) {
        shown?.progress.end();
        shown = { part, progress: createProgress({ err, label: labels[part], total }) };
      }
      shown.progress.update(done);
    },
    end: () => shown?.progress.end(),
  };
}
