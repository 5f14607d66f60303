import { resolve } from "node:path";
import { serviceNames } from "../../../services/host/call.ts";
import { createServiceKeys } from "../../../services/host/service-keys.ts";
import { UsageError, type Command } from "../command.ts";

/** `koder-id service-keys create [service…]`: the keys by which services in processes of their own prove themselves. */
export const serviceKeysCreate: Command = {
  summary: "Make the keys by which services in processes of their own prove themselves, or new ones beside them",
  usage: "--folder <folder> [service …]",
  mostArguments: Number.POSITIVE_INFINITY,
  options: { folder: { type: "string" } },
  async run({ positionals, values }, { env, out }) {
    const given = values["folder"] ?? env["KODER_ID_SERVICE_KEYS"];
    if (typeof given !== "string" || given === "") {
      throw new UsageError("--folder is missing, and KODER_ID_SERVICE_KEYS is not set");
    }
    const names = positionals.map((name) => {
      const found = serviceNames.find((one) => one === name);
      if (found === undefined) throw new UsageError(`there is no service ${name}: ${serviceNames.join(", ")}`);
      return found;
    });
    const made = names.length === 0 ? serviceNames : names;
    const folder = resolve(given);
    await createServiceKeys(folder, made);
    if (values["json"] === true) out.write(`${JSON.stringify({ folder, services: made })}\n`);
    else out.write(`The keys of ${made.join(", ")} are in ${folder}.\n`);
    return undefined;
  },
};
