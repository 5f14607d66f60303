import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CollectPersonalDataResponseSchema,
  type CollectPersonalDataRequest,
  type CollectPersonalDataResponse,
} from "#gen/koder/session/v1/personal_data_internal_pb.ts";
import { callOf } from "../host/call.ts";
import { personal, personalData, type PersonalCollection } from "../host/personal-data.ts";
import { grants, sessionClients, sessions, sessionUses } from "./collections.ts";
import type { SessionDependencies } from "./dependencies.ts";

/** What there is of a person here. Grants that end with their session are told by it and by the clients that it signed in to. */
export const personalCollections: readonly PersonalCollection[] = [
  personal(sessions, (userId) => ({ index: "user_id", equals: userId }), [
    { of: ({ id }) => id, part: personal(sessionUses, (id) => ({ id })) },
    { of: ({ id }) => id, part: personal(sessionClients, (id) => ({ idPrefix: `${id}/` })) },
  ]),
  personal(grants, (userId) => ({ index: "offline_user_id", equals: userId })),
];

/** Everything that this service stores about a person. */
export function collectPersonalData({ store }: Pick<SessionDependencies, "store">) {
  return async (
    { userId }: CollectPersonalDataRequest,
    context: HandlerContext,
  ): Promise<CollectPersonalDataResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    return create(CollectPersonalDataResponseSchema, { data: await personalData(data, personalCollections, userId) });
  };
}
