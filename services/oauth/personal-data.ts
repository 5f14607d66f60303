import { create } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  CollectPersonalDataResponseSchema,
  type CollectPersonalDataRequest,
  type CollectPersonalDataResponse,
} from "#gen/koder/oauth/v1/personal_data_internal_pb.ts";
import { callOf } from "../host/call.ts";
import { personal, personalData, type PersonalCollection } from "../host/personal-data.ts";
import { consents, logoutDeliveries } from "./collections.ts";
import type { OauthDependencies } from "./dependencies.ts";

/** What there is of a person here. */
export const personalCollections: readonly PersonalCollection[] = [
  personal(consents, (userId) => ({ idPrefix: `${userId}/` })),
  personal(logoutDeliveries, (userId) => ({ index: "user_id", equals: userId })),
];

/** Everything that this service stores about a person. */
export function collectPersonalData({ store }: Pick<OauthDependencies, "store">) {
  return async (
    { userId }: CollectPersonalDataRequest,
    context: HandlerContext,
  ): Promise<CollectPersonalDataResponse> => {
    const data = store.tenant(callOf(context).tenantId);
    return create(CollectPersonalDataResponseSchema, { data: await personalData(data, personalCollections, userId) });
  };
}
