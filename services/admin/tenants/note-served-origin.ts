import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { ServedOriginSchema } from "#gen/koder/admin/store/v1/served_origin_pb.ts";
import { commitUnlessChanged } from "../../store/commit-unless-changed.ts";
import { insert, replace } from "../../store/writes.ts";
import { servedOriginId, servedOrigins } from "../collections.ts";
import type { AdminDependencies } from "../dependencies.ts";

/**
 * Notes the public origin that this start serves. Answers the one that the start before served, where that was another one. Of
 * several processes that start at once, one is told of each change.
 */
export async function noteServedOrigin(
  { system, clock }: Pick<AdminDependencies, "system" | "clock">,
  origin: string,
): Promise<string | undefined> {
  for (;;) {
    const before = await system.get(servedOrigins, servedOriginId);
    if (before?.record.origin === origin) return undefined;
    const record = create(ServedOriginSchema, { id: servedOriginId, origin, sinceTime: timestampFromMs(clock()) });
    const write = before === undefined ? insert(servedOrigins, record) : replace(servedOrigins, record, before.version);
    // Where another start was faster, that is the one before.
    if (await commitUnlessChanged(system, [write])) return before?.record.origin;
  }
}
