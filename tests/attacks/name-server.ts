import { Resolver } from "node:dns/promises";
import { resolveOwnModules } from "../../services/own-modules.ts";

// Loaded before a server: its name servers are the attacker's. Whoever asks the system instead is not answered by these.
const answers: Readonly<Record<string, readonly string[] | undefined>> = {
  "private.example": ["127.0.0.1"],
  "metadata.example": ["169.254.169.254"],
  "mixed.example": ["93.184.216.34", "127.0.0.1"],
  "mapped.example": ["::ffff:127.0.0.1"],
  "nat64.example": ["64:ff9b::7f00:1"],
};
const family = (wanted: (address: string) => boolean) =>
  async function resolve(name: string): Promise<string[]> {
    const found = (answers[name] ?? []).filter(wanted);
    if (found.length === 0) throw Object.assign(new Error(`no answer for ${name}`), { code: "ENODATA" });
    return found;
  };
Object.assign(Resolver.prototype, {
  resolve4: family((address) => !address.includes(":")),
  resolve6: family((address) => address.includes(":")),
});
resolveOwnModules();
