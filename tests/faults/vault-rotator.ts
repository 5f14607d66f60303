import { withVaultRotation } from "../../services/assembly/vault-rotation.ts";

// Rotates keys of a vault and says each step, so that a test can kill it at one. Arguments: store, master key file, what.
const [store = "", masterKeyFile = "", what = ""] = process.argv.slice(2);
const say = (line: string) => void process.stdout.write(`${line}\n`);

await withVaultRotation(
  { store, masterKeyFile },
  (part, done) => say(`${part} ${done}`),
  async (rotation) => {
    say("begun");
    if (what === "tenant keys") await rotation.rotateTenantKeys({ tenants: [], olderThan: 86_400_000, useAfter: 0 });
    else await rotation.rotateMasterKey({ retire: what === "retire" });
    say("done");
  },
);
