import { toJson } from "@bufbuild/protobuf";
import { UsageError, type Command } from "../command.ts";
import { shownRecord } from "../../../services/host/shown-record.ts";
import { collectionNamed, expiryOf, storedRecordOptions, withTenant } from "../stored-records.ts";

/** `koder-id store get`: shows one record, which is binary in the store, to people. */
export const storeGet: Command = {
  summary: "Show one record of a store, without what it keeps of secrets",
  usage: "<collection> <id> [--tenant <id or slug>|system] [--store <store>] [--reveal]",
  mostArguments: 2,
  options: { ...storedRecordOptions, reveal: { type: "boolean" } },
  async run(args, terminal) {
    const [name, id] = args.positionals;
    const collection = collectionNamed(name);
    if (id === undefined) throw new UsageError("the id of the record is missing");
    return withTenant(args, terminal, async (tenant) => {
      const stored = await tenant.get(collection, id);
      if (stored === undefined) {
        throw new Error(`${collection.name} has no record ${id} of the tenant ${tenant.tenantId}, or it has expired`);
      }
      const { schema } = collection;
      const record =
        args.values["reveal"] === true
          ? toJson(schema, stored.record, { useProtoFieldName: true })
          : shownRecord(schema, stored.record, "[hidden]");
      const [expires, unknown] = [expiryOf(collection, stored.record), stored.record.$unknown?.length ?? 0];
      const head = { collection: collection.name, tenant: tenant.tenantId, id, version: stored.version, expires };
      const { out } = terminal;
      if (args.values["json"] === true) {
        out.write(`${JSON.stringify({ ...head, unknown_fields: unknown, record })}\n`);
        return undefined;
      }
      const lines = Object.entries({ ...head, expires: expires ?? "never" });
      out.write(lines.map(([label, value]) => `${label.padEnd(10)}  ${value}\n`).join(""));
      if (unknown > 0) out.write(`Fields that this version does not know: ${unknown}.\n`);
      out.write(`${JSON.stringify(record, undefined, 2)}\n`);
      return undefined;
    });
  },
};
