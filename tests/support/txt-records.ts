import { existsSync, readFileSync } from "node:fs";
import { Resolver } from "node:dns/promises";
import { join } from "node:path";

/** Has the process look for TXT records in a file beside the server's data, where a test has written them. */
export function readTxtRecordsFromFile(): void {
  const file = join(process.env["KODER_ID_DATA"] ?? "", "txt-records.json");
  Object.assign(Resolver.prototype, {
    resolveTxt(name: string): Promise<string[][]> {
      const records = (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) as Record<string, string[]>;
      const found = records[name];
      if (found === undefined) {
        return Promise.reject(Object.assign(new Error(`no TXT record ${name}`), { code: "ENOTFOUND" }));
      }
      // A long record comes in parts.
      return Promise.resolve(found.map((text) => [text.slice(0, 5), text.slice(5)]));
    },
  });
}
