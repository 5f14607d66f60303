import { create, type JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { PersonalDataService as AdminData } from "#gen/koder/admin/v1/personal_data_internal_pb.ts";
import { PersonalDataService as AuthData } from "#gen/koder/auth/v1/personal_data_internal_pb.ts";
import { EventSchema } from "#gen/koder/events/v1/event_pb.ts";
import { DataExportSchema } from "#gen/koder/identity/store/v1/data_export_pb.ts";
import {
  ExportUserResponseSchema,
  UserArchiveSchema,
  type ExportUserRequest,
  type ExportUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { PersonalDataService as OauthData } from "#gen/koder/oauth/v1/personal_data_internal_pb.ts";
import { PersonalDataService as SessionData } from "#gen/koder/session/v1/personal_data_internal_pb.ts";
import { callOf, forward, type Call } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { reachesInstance } from "../../host/instance-reach.ts";
import { personalData } from "../../host/personal-data.ts";
import { shownRecord } from "../../host/shown-record.ts";
import { userOf } from "../../host/user-of.ts";
import type { TenantStore } from "../../store/store.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { dataExports, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { personalCollections } from "./personal-data.ts";
import { userMessage } from "./user-message.ts";
import { userNotFound } from "./user-not-found.ts";

type Needs = Pick<IdentityDependencies, "store" | "peers" | "pageTokens" | "clock">;

/**
 * Everything that every service stores about a person. That it was given, and to whom, is noted first: whoever has the archive
 * stands in it. Deleted people can be exported until they are erased. Of many events the rest follows by the page's token.
 */
export function exportUser(dependencies: Needs) {
  return async (request: ExportUserRequest, context: HandlerContext): Promise<ExportUserResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    const data = dependencies.store.tenant(call.tenantId);
    const stored = await data.get(users, userId);
    if (stored === undefined) throw userNotFound(userId);
    const now = dependencies.clock();
    const isFirst = request.pageToken === "";
    if (isFirst) await noteExport(data, call, now, userId);
    const [rest, events] = await Promise.all([
      isFirst ? dataOf(dependencies, data, call, userId) : undefined,
      eventsOf(dependencies, call, userId, request.pageToken),
    ]);
    const archive = create(UserArchiveSchema, {
      createTime: timestampFromMs(now),
      ...(rest === undefined ? {} : { user: userMessage(stored), data: rest }),
      ...events,
    });
    return create(ExportUserResponseSchema, { archive });
  };
}

async function noteExport(data: TenantStore, call: Call, now: number, userId: string): Promise<void> {
  const note = create(DataExportSchema, {
    id: ulid(now),
    userId,
    actorId: call.actor.id,
    createTime: timestampFromMs(now),
  });
  const exported = eventOf(
    call,
    now,
    { type: "data_export", id: note.id, version: 1 },
    { case: "userExported", value: { $typeName: "koder.events.v1.UserExported", userId } },
  );
  await data.commit([insert(dataExports, note)], [exported]);
}

/** What each service stores of them. */
async function dataOf({ peers }: Needs, data: TenantStore, call: Call, userId: string): Promise<JsonObject> {
  const asked = [{ userId }, forward(call)] as const;
  const [identity, auth, oauth, session, admin] = await Promise.all([
    personalData(data, personalCollections, userId),
    peers.client(AuthData).collectPersonalData(...asked),
    peers.client(OauthData).collectPersonalData(...asked),
    peers.client(SessionData).collectPersonalData(...asked),
    peers.client(AdminData).collectPersonalData(...asked),
  ]);
  return {
    identity,
    auth: auth.data ?? {},
    oauth: oauth.data ?? {},
    session: session.data ?? {},
    admin: admin.data ?? {},
  };
}

/**
 * A part of what the event log says of them. What stands above tenants is for INSTANCE authority, as at `/v1/admin/audit`, and for
 * the person themself.
 */
async function eventsOf({ peers, pageTokens }: Needs, call: Call, userId: string, pageToken: string) {
  const listing = `events of ${userId}`;
  const after = pageToken === "" ? "" : String((await pageTokens.decode(call, listing, pageToken)).value);
  const isOwn = call.caller.kind === "user" && call.caller.userId === userId;
  const instance = isOwn || reachesInstance(call.caller);
  const { events, next } = await peers.client(AdminData).collectEvents({ userId, after, instance }, forward(call));
  return {
    events: events.map((event) => shownRecord(EventSchema, event, undefined)),
    nextPageToken: next === "" ? "" : await pageTokens.encode(call, listing, { value: next, id: "" }),
  };
}
