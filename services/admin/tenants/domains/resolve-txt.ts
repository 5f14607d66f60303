import { Resolver } from "node:dns/promises";

/** The TXT records of a name, each as one text; none where the name has none. Rejects where the name servers do not answer. */
export type ResolveTxt = (name: string) => Promise<readonly string[]>;

/** What the name servers say where a name, or a record of the kind, is not there. */
const absent = new Set(["ENOTFOUND", "ENODATA"]);

/** Asks the name servers, which any tenant may run themselves: so briefly. */
export const askForTxt: ResolveTxt = async (name) => {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  try {
    const records = await resolver.resolveTxt(name);
    return records.map((parts) => parts.join(""));
  } catch (error) {
    if (error instanceof Error && "code" in error && absent.has(String(error.code))) return [];
    throw error;
  }
};
