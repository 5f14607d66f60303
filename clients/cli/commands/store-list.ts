import { UsageError, type Arguments, type Command } from "../command.ts";
import { collectionNamed, expiryOf, storedRecordOptions, withTenant } from "../stored-records.ts";
import { table } from "../table.ts";

const usualLimit = 50;

/** `koder-id store list`: the ids of a tenant's records, for `store get`. */
export const storeList: Command = {
  summary: "List the records of a collection: ids, versions, expiry",
  usage: "<collection> [--tenant <id or slug>|system] [--limit <1…1000>] [--after <id>] [--store <store>]",
  mostArguments: 1,
  options: { ...storedRecordOptions, limit: { type: "string" }, after: { type: "string" } },
  async run(args, terminal) {
    const collection = collectionNamed(args.positionals[0]);
    const limit = readLimit(args);
    const { after } = args.values;
    return withTenant(args, terminal, async (tenant) => {
      const { items, next } = await tenant.page(collection, {
        index: "id",
        limit,
        ...(typeof after === "string" ? { after: { value: after, id: after } } : {}),
      });
      const records = items.map(({ record, version }) => ({
        id: collection.id(record),
        version,
        expires: expiryOf(collection, record),
      }));
      const { out, err } = terminal;
      if (args.values["json"] === true) {
        out.write(`${JSON.stringify({ records, ...(next === undefined ? {} : { next: next.id }) })}\n`);
        return undefined;
      }
      const rows = records.map(({ id, version, expires }) => [id, version, expires ?? "never"]);
      out.write(table([["id", "version", "expires"], ...rows]));
      if (next !== undefined) err.write(`There are more: --after ${next.id}\n`);
      return undefined;
    });
  },
};

function readLimit({ values }: Arguments): number {
  const given = values["limit"] ?? String(usualLimit);
  const limit = Number(given);
  if (!Number.isInteger(limit) || limit < 1 || limit > 1_000) throw new UsageError("--limit must be 1 to 1000");
  return limit;
}
