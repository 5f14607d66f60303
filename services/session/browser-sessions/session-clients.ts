import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { SessionClientSchema } from "#gen/koder/session/store/v1/session_client_pb.ts";
import type { Session } from "#gen/koder/session/store/v1/session_pb.ts";
import type { TenantStore, Write } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { sessionClients } from "../collections.ts";

/** How long the clients of a session are known beyond its time: its end is told within seconds, or when the log is back. */
const keptBeyond = 7 * 86_400_000;
/** Clients in one look. */
const batch = 200;

/**
 * The write that notes that a session signs its person in to a client, for the commit that does so; none where that is
 * noted already. Two commits at once may both bring it: the one that comes second conflicts in `sessionClients`.
 */
export async function noteClient(
  data: TenantStore,
  { id: sessionId, expireTime }: Session,
  clientId: string,
): Promise<readonly Write[]> {
  const expires = expireTime === undefined ? {} : { expireTime: timestampFromMs(timestampMs(expireTime) + keptBeyond) };
  const record = create(SessionClientSchema, { sessionId, clientId, ...expires });
  const known = await data.get(sessionClients, sessionClients.id(record));
  return known === undefined ? [insert(sessionClients, record)] : [];
}

/** The ids of the clients that a session signed its person in to, also when it has ended. */
export async function clientsOf(data: TenantStore, sessionId: string): Promise<readonly string[]> {
  const query = { index: "id", prefix: `${sessionId}/`, limit: batch } as const;
  const found: string[] = [];
  for (let page = await data.page(sessionClients, query); ;) {
    found.push(...page.items.map(({ record }) => record.clientId));
    if (page.next === undefined) return found;
    page = await data.page(sessionClients, { ...query, after: page.next });
  }
}
