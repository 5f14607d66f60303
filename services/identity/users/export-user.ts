import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import { PersonalDataService as AdminData } from "#gen/koder/admin/v1/personal_data_internal_pb.ts";
import { PersonalDataService as AuthData } from "#gen/koder/auth/v1/personal_data_internal_pb.ts";
import { DataExportSchema } from "#gen/koder/identity/store/v1/data_export_pb.ts";
import {
  ExportUserResponseSchema,
  UserArchiveSchema,
  type ExportUserRequest,
  type ExportUserResponse,
} from "#gen/koder/identity/v1/user_service_pb.ts";
import { PersonalDataService as OauthData } from "#gen/koder/oauth/v1/personal_data_internal_pb.ts";
import { PersonalDataService as SessionData } from "#gen/koder/session/v1/personal_data_internal_pb.ts";
import { callOf, forward } from "../../host/call.ts";
import { eventOf } from "../../host/event.ts";
import { personalData } from "../../host/personal-data.ts";
import { userOf } from "../../host/user-of.ts";
import { insert } from "../../store/writes.ts";
import { ulid } from "../../vault/random.ts";
import { dataExports, users } from "../collections.ts";
import type { IdentityDependencies } from "../dependencies.ts";
import { personalCollections } from "./personal-data.ts";
import { userMessage } from "./user-message.ts";
import { userNotFound } from "./user-not-found.ts";

/**
 * Everything that every service stores about a person. That it was given, and to whom, is noted first: whoever has the archive
 * stands in it. Deleted people can be exported until they are erased.
 */
export function exportUser({ store, peers, clock }: Pick<IdentityDependencies, "store" | "peers" | "clock">) {
  return async (request: ExportUserRequest, context: HandlerContext): Promise<ExportUserResponse> => {
    const call = callOf(context);
    const userId = userOf(call, request);
    const data = store.tenant(call.tenantId);
    const stored = await data.get(users, userId);
    if (stored === undefined) throw userNotFound(userId);
    const now = clock();
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
    const asked = [{ userId }, forward(call)] as const;
    const [identity, auth, oauth, session, admin] = await Promise.all([
      personalData(data, personalCollections, userId),
      peers.client(AuthData).collectPersonalData(...asked),
      peers.client(OauthData).collectPersonalData(...asked),
      peers.client(SessionData).collectPersonalData(...asked),
      peers.client(AdminData).collectPersonalData(...asked),
    ]);
    const archive = create(UserArchiveSchema, {
      createTime: timestampFromMs(now),
      user: userMessage(stored),
      data: {
        identity,
        auth: auth.data ?? {},
        oauth: oauth.data ?? {},
        session: session.data ?? {},
        admin: admin.data ?? {},
      },
    });
    return create(ExportUserResponseSchema, { archive });
  };
}
