import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { SessionClientSchema } from "#gen/koder/session/store/v1/session_client_pb.ts";
import type { Session } from "#gen/koder/session/store/v1/session_pb.ts";
import { everyRecord } from "../../store/every-record.ts";
import type { Stored, TenantStore, Write } from "../../store/store.ts";
import { insert, replace } from "../../store/writes.ts";
import { keptToBeTold, sessionClients } from "../collections.ts";

/** Clients in one look. */
const batch = 200;

/** How long they are known of a session that ends at its time: its end is told within seconds, or when the log is back. */
const keptFor = ({ expireTime }: Pick<Session, "expireTime">) =>
  expireTime === undefined ? {} : { expireTime: timestampFromMs(timestampMs(expireTime) + keptToBeTold) };

/**
 * The write that notes that a session signs its person in to a client, for the commit that does so; none where that is
 * noted already. Two commits at once may both bring it: the one that comes second conflicts in `sessionClients`.
 */
export async function noteClient(data: TenantStore, session: Session, clientId: string): Promise<readonly Write[]> {
  const record = create(SessionClientSchema, { sessionId: session.id, clientId, ...keptFor(session) });
  const known = await data.version(sessionClients, sessionClients.id(record));
  return known === undefined ? [insert(sessionClients, record)] : [];
}

/** The writes by which the clients of a session that goes on for longer stay known for as long. */
export async function keepClients(data: TenantStore, session: Session): Promise<readonly Write[]> {
  const noted = await notedClients(data, session.id);
  return noted.map(({ record, version }) =>
    replace(sessionClients, create(SessionClientSchema, { ...record, ...keptFor(session) }), version),
  );
}

/** Whether a session signed its person in to a client. */
export async function isNoted(data: TenantStore, sessionId: string, clientId: string): Promise<boolean> {
  const id = sessionClients.id(create(SessionClientSchema, { sessionId, clientId }));
  return (await data.version(sessionClients, id)) !== undefined;
}

/** The ids of the clients that a session signed its person in to, also when it has ended. */
export async function clientsOf(data: TenantStore, sessionId: string): Promise<readonly string[]> {
  return (await notedClients(data, sessionId)).map(({ record }) => record.clientId);
}

const notedClients = (data: TenantStore, sessionId: string): Promise<readonly Stored<typeof SessionClientSchema>[]> =>
  Array.fromAsync(everyRecord(data, sessionClients, { index: "id", prefix: `${sessionId}/`, limit: batch }));
